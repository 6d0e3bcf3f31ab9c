// Counts while a marketer writes, and offers what a click can do. The server counts again.
"use strict";
(function () {
  const data = document.getElementById("octopush-composer");
  const field = document.getElementById("id_text");
  if (!data || !field) return;
  const { table, longest, spoken, words, fields, stop, patterns } = JSON.parse(data.textContent);
  const PAUSE = 1000; // A screen reader hears the count when typing pauses.

  const fill = (sentence, values) =>
    sentence.replace(/%\((\w+)\)s/g, (whole, name) => (name in values ? values[name] : whole));
  const say = (one, many, n, values) =>
    fill(n === 1 || (n === 0 && words.zeroIsOne) ? one : many, { count: n, ...values });
  const element = (name, attributes, ...children) => {
    const made = document.createElement(name);
    Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
    made.append(...children);
    return made;
  };
  const button = (label, press) => {
    const made = element("button", { type: "button", class: "octopush-chip" }, label);
    made.addEventListener("click", press);
    return made;
  };
  const group = (name, label) =>
    element("div", { class: `octopush-${name}`, role: "group", "aria-label": label });

  const figure = element("p", { class: "octopush-count", "aria-hidden": "true" });
  const spokenFigure = element("p", {
    id: "octopush-count",
    class: "visually-hidden octopush-spoken",
    "aria-live": "polite",
  });
  const chips = group("chips", words.insert);
  const fallbacks = group("fallbacks", words.missing);
  const fixes = group("fixes", words.fixes);
  const desk = element("div", { class: "octopush-composer" });
  field.replaceWith(desk);
  desk.append(field, chips, fallbacks, figure, spokenFigure, fixes);
  field.classList.add("octopush-bubble-field");
  const described = [field.getAttribute("aria-describedby"), spokenFigure.id];
  field.setAttribute("aria-describedby", described.filter(Boolean).join(" "));

  // --- writing into the text ---

  function change(text) {
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function write(text, at) {
    change(text);
    field.focus();
    field.setSelectionRange(at, at);
  }

  function insert(piece) {
    const { selectionStart: start, selectionEnd: end, value } = field;
    write(value.slice(0, start) + piece + value.slice(end), start + piece.length);
  }

  // --- personal details ---

  const MERGE = /\{(\w+)(?:\|([^{}|]*))?\}/g;
  const filled = (text) => text.replace(MERGE, (_, name, other) => other ?? "");
  const labels = new Map(fields);
  const rows = new Map();

  for (const [name, label] of fields) chips.append(button(label, () => insert(`{${name}}`)));

  function fallback(name) {
    const box = element("input", {
      type: "text", maxlength: 50, class: "vTextField", placeholder: words.leaveOut,
    });
    box.addEventListener("input", () => {
      const other = box.value.replace(/[{}|]/g, "");
      const piece = other.trim() ? `{${name}|${other}}` : `{${name}}`;
      change(field.value.replace(MERGE, (whole, used) => (used === name ? piece : whole)));
    });
    const label = fill(words.whereMissing, { detail: labels.get(name) });
    return element("label", {}, `${label} `, box);
  }

  function showFallbacks() {
    const used = new Map();
    for (const [, name, other] of field.value.matchAll(MERGE))
      if (labels.has(name) && !used.has(name)) used.set(name, other ?? "");
    for (const [name, row] of rows) {
      if (used.has(name)) continue;
      row.remove();
      rows.delete(name);
    }
    for (const [name, other] of used) {
      if (!rows.has(name)) rows.set(name, fallback(name));
      const row = rows.get(name);
      if (!row.isConnected) fallbacks.append(row);
      const box = row.querySelector("input");
      if (box !== document.activeElement) box.value = other;
    }
  }

  // --- what it counts as ---

  const optimized = document.getElementById("id_auto_optimize_text");
  const { count, forcing, isInvisible, replaceable, simplified, without } = table
    ? window.octopushCounter(table)
    : {};

  function countSms(text, personal) {
    const { units, segments, room } = count(text);
    return [
      say(words.countOne, words.countMany, segments, { units }),
      say(words.roomOne, words.roomMany, room, {}),
      personal ? words.personal : "",
      optimized?.checked ? words.estimate : "",
    ]
      .filter(Boolean)
      .join(" ");
  }

  function countCharacters(text) {
    const units = Array.from(text).length;
    const length = fill(words.length, { units, longest });
    if (!spoken) return length;
    const seconds = Math.max(1, Math.ceil(units / spoken.each));
    const blocks = Math.ceil(seconds / spoken.block);
    return `${length} ${fill(words.spoken, { seconds, blocks, block: spoken.block })}`;
  }

  // --- the STOP mention, and characters that cost (SMS alone) ---

  const marketing = () => document.querySelector("[name=purpose][value=wholesale]")?.checked;
  const known = (patterns ?? []).flatMap((pattern) => {
    try {
      return [new RegExp(pattern)];
    } catch {
      return []; // Python's own syntax: the server still checks it.
    }
  });
  const stopChip = button(fill(words.stop, { stop }), () => {
    const text = field.value.trimEnd();
    write(`${text}${text ? " " : ""}${stop}`, field.value.length);
  });
  if (stop) chips.append(stopChip);

  const code = (char) =>
    `U+${char.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
  const named = (char) => (/[\p{Z}\p{C}\p{M}]/u.test(char) ? code(char) : char);

  function label(char, plain) {
    if (isInvisible(char)) return fill(words.removeInvisible, { code: code(char) });
    return fill(plain ? words.replace : words.remove, {
      char: named(char),
      plain: plain === " " ? words.blank : plain,
    });
  }

  function fix(name, rewritten) {
    const press = () => write(rewritten(field.value), field.value.length);
    const now = count(filled(field.value)).segments;
    const then = count(filled(rewritten(field.value))).segments;
    const change = then === now ? "" : ` (${fill(words.sms, { count: now })} → ${then})`;
    return button(name + change, press);
  }

  function showFixes() {
    stopChip.hidden = !marketing() || known.some((pattern) => pattern.test(field.value));
    const odd = forcing(field.value);
    fixes.replaceChildren();
    if (!odd.length) return;
    fixes.append(element("p", {}, words.unicode));
    const plains = replaceable(field.value);
    for (const char of odd.slice(0, 20))
      fixes.append(fix(label(char, plains.get(char)), (text) => without(text, [char])));
    if (plains.size > 1) fixes.append(fix(words.all, simplified));
  }

  let waiting;
  function show() {
    const text = filled(field.value.replaceAll("\r\n", "\n"));
    figure.textContent = table ? countSms(text, text !== field.value) : countCharacters(text);
    if (table) showFixes();
    showFallbacks();
    clearTimeout(waiting);
    waiting = setTimeout(() => (spokenFigure.textContent = figure.textContent), PAUSE);
  }
  field.addEventListener("input", show);
  optimized?.addEventListener("change", show);
  document.querySelectorAll("[name=purpose]").forEach((one) => one.addEventListener("change", show));
  show();
})();
