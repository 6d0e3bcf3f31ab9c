// Keeps the figures of a running campaign fresh. Without it, the page's Refresh link does.
"use strict";
(function () {
  const EVERY = 3000;
  async function refresh() {
    if (!document.hidden) {
      const answer = await fetch(location.href, { credentials: "same-origin" });
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      const now = document.getElementById("octopush-progress");
      const next = fresh.getElementById("octopush-progress");
      if (!answer.ok || !now || !next) return;
      now.replaceWith(next);
      if (!fresh.querySelector('script[src*="octopush_django/progress.js"]')) {
        location.reload();
        return;
      }
    }
    setTimeout(refresh, EVERY);
  }
  setTimeout(refresh, EVERY);
})();
