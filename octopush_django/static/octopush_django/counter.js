// The same function as segments.count: how many SMS a text counts as. The table comes from there.
"use strict";
window.octopushCounter = function (table) {
  const basic = new Set(table.basic);
  const extended = new Set(table.extended);

  function forcing(text) {
    return [...new Set(text)].filter((char) => !basic.has(char) && !extended.has(char));
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

  function without(text, characters) {
    return Array.from(text, (char) =>
      characters.includes(char) ? (table.replacements[char] ?? "") : char,
    ).join("");
  }

  return { count, forcing, without };
};
