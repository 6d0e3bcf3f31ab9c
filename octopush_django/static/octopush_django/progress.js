// Keeps the figures of a campaign fresh. Without it, the page's Refresh link does.
"use strict";
(function () {
  const EVERY = 3000;
  const SLOWLY = 15000; // Reports go on coming when all has left.
  let etag = "";

  async function refresh() {
    const now = document.getElementById("octopush-progress");
    if (!now) return;
    if (!document.hidden) {
      const headers = etag ? { "If-None-Match": etag } : {};
      const answer = await fetch(now.dataset.url, { credentials: "same-origin", headers });
      if (answer.ok) {
        etag = answer.headers.get("ETag") || "";
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const next = page.getElementById("octopush-progress");
        if (!next) return;
        if (next.dataset.status !== now.dataset.status) {
          location.reload(); // Other buttons belong to another status.
          return;
        }
        now.replaceWith(next);
      } else if (answer.status !== 304) {
        return;
      }
    }
    setTimeout(refresh, now.dataset.moving ? EVERY : SLOWLY);
  }
  setTimeout(refresh, EVERY);
})();
