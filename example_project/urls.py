from django.contrib import admin
from django.urls import include, path

from .views import order_shipped

urlpatterns = [
    path("", order_shipped, name="order_shipped"),
    path("admin/", admin.site.urls),
    path("octopush/", include("octopush_django.urls")),
]
