// Django's list choosers have a search field without a name for screen readers: give it the label's.
"use strict";
// Registered after the choosers themselves, so they are there.
django.jQuery(() => {
  for (const chooser of document.querySelectorAll("select.admin-autocomplete")) {
    const name = document.querySelector(`label[for="${chooser.id}"]`)?.textContent;
    const search = chooser.parentElement.querySelector(".select2-search__field");
    if (name && search) search.setAttribute("aria-label", name.replace(/:\s*$/, ""));
  }
});
