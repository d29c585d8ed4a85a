// The message field: hints for slash commands, history with the up key, Enter sends.

import { el } from "./dom.js";

export function makeComposer({ form, line, hints, usage, send, commands = [] }) {
  const past = [];
  let back = 0;
  const matching = () => (/^\/\S*$/.test(line.value) ? commands.filter((one) => one.name.startsWith(line.value)) : []);

  function grow() {
    line.style.height = "auto";
    line.style.height = `${Math.min(line.scrollHeight, 160)}px`;
    if (hints) drawHints();
  }

  function drawHints() {
    const found = matching();
    const exact = commands.find((one) => line.value.startsWith(`${one.name} `));
    hints.hidden = found.length === 0;
    hints.replaceChildren(...found.map((one, index) => el("li", { role: "option", "aria-selected": String(index === 0), onpointerdown: (event) => { event.preventDefault(); complete(one); } },
      el("strong", {}, one.name), " ", el("code", {}, one.hint), el("small", {}, one.description))));
    usage.hidden = !exact;
    usage.textContent = exact ? `${exact.name} ${exact.hint}` : "";
  }

  function complete(one) {
    fill(`${one.name} `);
  }

  function fill(words) {
    line.value = words;
    line.focus();
    line.setSelectionRange(words.length, words.length);
    grow();
  }

  function recall(step) {
    back = Math.max(0, Math.min(past.length, back + step));
    fill(back ? past.at(-back) : "");
  }

  async function submit() {
    const words = line.value.trim();
    if (!words) return;
    past.push(words);
    back = 0;
    fill("");
    if (!(await send(words))) fill(words);
  }

  line.addEventListener("input", () => { back = 0; grow(); });
  line.addEventListener("keydown", (event) => {
    const [first] = matching();
    const walking = line.value === "" || back > 0;
    if (event.key === "ArrowUp" && walking) { event.preventDefault(); recall(1); }
    else if (event.key === "ArrowDown" && back > 0) { event.preventDefault(); recall(-1); }
    else if ((event.key === "Tab" && !event.shiftKey) && first && line.value !== "") { event.preventDefault(); complete(first); }
    else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      if (first && first.name !== line.value) complete(first); else submit();
    } else if (event.key === "Escape" && hints) hints.hidden = true;
  });
  form.addEventListener("submit", (event) => { event.preventDefault(); submit(); });
  return { fill };
}
