// The same functions as in segments.py: how many SMS a text counts as, and how to write the same
// in the alphabet that costs less. The table comes from there.
"use strict";
window.octopushCounter = function (table) {
  const basic = new Set(table.basic);
  const extended = new Set(table.extended);

  const isInAlphabet = (char) => basic.has(char) || extended.has(char);
  const isPlain = (text) => Array.from(text).every(isInAlphabet);

  function forcing(text) {
    return [...new Set(text)].filter((char) => !isInAlphabet(char));
  }

  function fill(widths, [alone, each]) {
    const units = widths.reduce((sum, width) => sum + width, 0);
    if (units <= alone) return { units, segments: 1, room: alone - units };
    let segments = 1;
    let room = each;
    for (const width of widths) {
      // A character of two units is never split between two SMS.
      if (width > room) {
        segments += 1;
        room = each;
      }
      room -= width;
    }
    return { units, segments, room };
  }

  function count(text) {
    const odd = forcing(text);
    const widths = odd.length
      ? Array.from(text, (char) => char.length)
      : Array.from(text, (char) => (extended.has(char) ? 2 : 1));
    const encoding = odd.length ? "ucs2" : "gsm7";
    return { encoding, ...fill(widths, table[encoding]) };
  }

  const whole = ([name, pattern]) => [name, new RegExp(`^(?:${pattern})$`, "u")];
  const patterns = new Map(Object.entries(table.patterns).map(whole));
  const is = (name, text) => patterns.get(name).test(text);
  const known = new Map(Object.entries(table.likenesses));
  const found = new Map();
  let placed = {}; // The text looked at last: each button of a text asks again.

  function likeness(char) {
    if (!found.has(char)) found.set(char, look(char));
    return found.get(char);
  }

  function look(char) {
    if (isInAlphabet(char)) return null;
    if (is("invisible", char) || is("mark", char)) return "";
    if (known.has(char)) return known.get(char);
    const plain = Array.from(char.normalize("NFKC"), piece).join("");
    return isPlain(plain) ? plain : null;
  }

  function piece(char) {
    const decomposed = char.normalize("NFD");
    const base = is("accented", decomposed) ? decomposed[0] : char;
    return isInAlphabet(char) ? char : known.get(char) ?? base;
  }

  // Each character with its likeness where it stands: null for a power, and for what hangs on a
  // character that stays.
  function inPlace(text) {
    if (text === placed.text) return placed.places;
    let root = "";
    let stays = false;
    const places = Array.from(text, (char) => {
      let plain = likeness(char);
      if (plain !== null && ((stays && is("hanging", char)) || is("power", root + char)))
        plain = null;
      if (plain !== "") {
        stays = plain === null && !isInAlphabet(char);
        if (!is("passed", char)) root = plain === null ? char : plain.slice(-1);
      }
      return [char, plain];
    });
    placed = { text, places };
    return places;
  }

  function replaceable(text) {
    return new Map(inPlace(text).filter(([, plain]) => plain !== null));
  }

  function without(text, characters) {
    const chosen = new Set(characters);
    const some = replaceable(text);
    let written = "";
    let last = ["", ""];
    let isNew = false;
    let isGone = false;
    for (const [char, plain] of inPlace(text)) {
      isGone = (chosen.has(char) && !some.has(char)) || (isGone && is("hanging", char));
      const replaced = chosen.has(char) && plain !== null;
      const now = [char, plain ?? char];
      if (isGone) {
        last = ["", last[1]];
        isNew = true;
      } else if (replaced && !plain) {
        written = accented(written, char);
      } else {
        const apart = (replaced || isNew) && isApart(last, now);
        written += (apart ? " " : "") + (replaced ? plain : char);
        if (plain !== "") {
          last = now;
          isNew = replaced;
        }
      }
    }
    return written;
  }

  const isInvisible = (char) => is("invisible", char);
  const simplified = (text) => without(text, replaceable(text).keys());

  function accented(written, mark) {
    const letter = (written.slice(-1) + mark).normalize("NFC");
    return basic.has(letter) ? written.slice(0, -1) + letter : written;
  }

  // A blank parts a number from what would change its value: 1½, •20.
  function isApart([before, left], [char, right]) {
    if (!/^[0-9]/.test(right)) return false;
    const alike =
      left.length === 1 && right.length === 1 && is("decimal", before) === is("decimal", char);
    return is("bullet", before) || (is("number", left) && !alike);
  }

  return { count, forcing, isInvisible, likeness, replaceable, simplified, without };
};
