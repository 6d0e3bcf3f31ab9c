// Counts while a marketer writes, and offers what saves an SMS. The server counts again.
"use strict";
(function () {
  const data = document.getElementById("octopush-composer");
  const field = document.getElementById("id_text");
  if (!data || !field) return;
  const { table, words, fields, stop, patterns } = JSON.parse(data.textContent);
  const { count, forcing, without } = window.octopushCounter(table);
  const PAUSE = 1000; // A screen reader hears the count when typing pauses.

  const say = (one, many, n, values) =>
    (n === 1 || (n === 0 && words.zeroIsOne) ? one : many).replace(/%\((\w+)\)s/g, (_, name) =>
      name in values ? values[name] : n,
    );
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

  const figure = element("p", { class: "octopush-count", "aria-hidden": "true" });
  const spoken = element("p", { class: "visually-hidden octopush-spoken", "aria-live": "polite" });
  const fixes = element("div", { class: "octopush-fixes", role: "group", "aria-label": words.fixes });
  const chips = element("div", { class: "octopush-chips", role: "group", "aria-label": words.insert });
  const desk = element("div", { class: "octopush-composer" });
  field.replaceWith(desk);
  desk.append(field, chips, figure, spoken, fixes);
  field.classList.add("octopush-bubble-field");

  function write(text, at) {
    field.value = text;
    field.focus();
    field.setSelectionRange(at, at);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function insert(piece) {
    const { selectionStart: start, selectionEnd: end, value } = field;
    write(value.slice(0, start) + piece + value.slice(end), start + piece.length);
  }

  for (const [name, label] of fields) chips.append(button(label, () => insert(`{${name}}`)));
  const stopChip = button(words.stop.replace("%(stop)s", stop), () => {
    const text = field.value.trimEnd();
    write(`${text}${text ? " " : ""}${stop}`, field.value.length);
  });
  chips.append(stopChip);

  const filled = (text) => text.replace(/\{(\w+)(?:\|([^{}|]*))?\}/g, (_, name, other) => other ?? "");
  const marketing = () => document.querySelector("[name=purpose][value=wholesale]")?.checked;
  const known = patterns.flatMap((pattern) => {
    try {
      return [new RegExp(pattern)];
    } catch {
      return []; // Python's own syntax: the server still checks it.
    }
  });
  const hasStop = (text) => known.some((pattern) => pattern.test(text));
  const named = (char) =>
    /[\p{Z}\p{C}\p{M}]/u.test(char)
      ? `U+${char.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`
      : char;

  function fix(chars, label) {
    const press = () => write(without(field.value, chars), field.value.length);
    const now = count(filled(field.value)).segments;
    const then = count(filled(without(field.value, chars))).segments;
    const gain = then < now ? ` (${words.sms.replace("%(count)s", now)} → ${then})` : "";
    return button(label + gain, press);
  }

  function label(char) {
    const plain = table.replacements[char];
    return (plain ? words.replace : words.remove)
      .replace("%(char)s", named(char))
      .replace("%(plain)s", plain === " " ? words.blank : plain);
  }

  let waiting;
  function show() {
    const text = filled(field.value.replaceAll("\r\n", "\n"));
    const { encoding, units, segments, room } = count(text);
    const personal = text === field.value ? "" : ` ${words.personal}`;
    figure.textContent =
      say(words.countOne, words.countMany, segments, { units }) +
      ` ${say(words.roomOne, words.roomMany, room, {})}${personal}`;
    const odd = forcing(field.value);
    fixes.replaceChildren();
    if (encoding === "ucs2") {
      fixes.append(element("p", {}, words.unicode));
      for (const char of odd.slice(0, 20)) fixes.append(fix([char], label(char)));
      if (odd.length > 1) fixes.append(fix(odd, words.all));
    }
    stopChip.hidden = !marketing() || hasStop(field.value);
    clearTimeout(waiting);
    waiting = setTimeout(() => (spoken.textContent = figure.textContent), PAUSE);
  }
  field.addEventListener("input", show);
  document.querySelectorAll("[name=purpose]").forEach((one) => one.addEventListener("change", show));
  show();
})();
