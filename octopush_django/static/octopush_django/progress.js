// Keeps the figures of a campaign fresh. Without it, the page's Refresh link does.
"use strict";
(function () {
  const EVERY = 3000;
  const SLOWLY = 15000; // Reports go on coming when all has left; a server may be away.
  let etag = "";

  async function ask(now) {
    const headers = etag ? { "If-None-Match": etag } : {};
    const answer = await fetch(now.dataset.url, { credentials: "same-origin", headers });
    if (!answer.ok) return answer.status === 304 || answer.status >= 500;
    etag = answer.headers.get("ETag") || "";
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const next = page.getElementById("octopush-progress");
    if (!next) return false; // Logged out meanwhile.
    if (next.dataset.status !== now.dataset.status) {
      location.reload(); // Other buttons belong to another status.
      return false;
    }
    now.replaceWith(next);
    return true;
  }

  async function refresh() {
    const now = document.getElementById("octopush-progress");
    let pause = now.dataset.moving ? EVERY : SLOWLY;
    if (!document.hidden) {
      try {
        if (!(await ask(now))) return;
      } catch {
        pause = SLOWLY;
      }
    }
    setTimeout(refresh, pause);
  }
  setTimeout(refresh, EVERY);
})();
