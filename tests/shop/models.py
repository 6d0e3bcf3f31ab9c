from django.db import models
from phonenumber_field.modelfields import PhoneNumberField


class Customer(models.Model):
    """Somebody whom the project knows."""

    mobile = PhoneNumberField(blank=True)
    email = models.EmailField(blank=True)
    name = models.CharField(max_length=100, blank=True)
    points = models.IntegerField(null=True)

    def __str__(self):
        return self.name
