// Slack's mrkdwn as DOM nodes: bold, italic, strike, code, quotes, links, mentions, dates and the few emoji in use.

import { el } from "./dom.js";

const EMOJI = {
  white_check_mark: "✅", heavy_check_mark: "✔️", x: "❌", warning: "⚠️", rocket: "🚀", tada: "🎉", eyes: "👀",
  large_blue_circle: "🔵", large_green_circle: "🟢", large_yellow_circle: "🟡", red_circle: "🔴", white_circle: "⚪",
  black_circle: "⚫", hourglass_flowing_sand: "⏳", lock: "🔒", rewind: "⏪", arrow_right: "➡️", bulb: "💡",
  no_entry: "⛔", question: "❓", wave: "👋", package: "📦", ship: "🚢", gear: "⚙️", mag: "🔍", link: "🔗",
};
const INLINE = new RegExp([
  "```\\n?(?<fence>[\\s\\S]*?)\\n?```",
  "`(?<code>[^`\\n]+)`",
  "<(?<token>[^<>\\n]+)>",
  "(?<![\\w*])\\*(?<bold>[^\\s*](?:[^*\\n]*[^\\s*])?)\\*(?![\\w*])",
  "(?<![\\w_])_(?<italic>[^\\s_](?:[^_\\n]*[^\\s_])?)_(?![\\w_])",
  "(?<![\\w~])~(?<strike>[^\\s~](?:[^~\\n]*[^\\s~])?)~(?![\\w~])",
  ":(?<emoji>[a-z0-9_+-]+):",
].join("|"), "g");

// Machines without an emoji font would show boxes: the status emoji are drawn, and keep their character for copying.
const DRAWN = { "🔵": "blue", "🟢": "green", "🟡": "yellow", "🔴": "red", "⚪": "white", "⚫": "black", "✅": "done", "❌": "failed" };
const DRAWN_ANY = /(🔵|🟢|🟡|🔴|⚪|⚫|✅|❌)/u;

export function withEmoji(text) {
  return emojiText(text).split(DRAWN_ANY).filter(Boolean).map((part) =>
    (DRAWN[part] ? el("span", { class: `emoji ${DRAWN[part]}` }, part) : part));
}

const unescape = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

export function emojiText(text) {
  return text.replace(/:([a-z0-9_+-]+):/g, (whole, name) => EMOJI[name] ?? whole);
}

export function mrkdwn(text, nameOf) {
  const parts = text.split(/(```[\s\S]*?```)/);
  return parts.flatMap((part) => (part.startsWith("```") ? inline(part, nameOf) : lines(part, nameOf)));
}

function lines(text, nameOf) {
  const out = [];
  let quote = null;
  text.split("\n").forEach((line, index) => {
    const quoted = line.match(/^(?:&gt;|>) ?(.*)$/);
    if (quoted) {
      if (quote) quote.append(el("br"));
      else out.push((quote = el("blockquote")));
      quote.append(...inline(quoted[1], nameOf));
      return;
    }
    if (index > 0 && !quote) out.push(el("br"));
    quote = null;
    out.push(...inline(line, nameOf));
  });
  return out;
}

function inline(text, nameOf) {
  const out = [];
  let end = 0;
  for (const found of text.matchAll(INLINE)) {
    out.push(...withEmoji(unescape(text.slice(end, found.index))), node(found, nameOf));
    end = found.index + found[0].length;
  }
  out.push(...withEmoji(unescape(text.slice(end))));
  return out;
}

function node(found, nameOf) {
  const { fence, code, token, bold, italic, strike, emoji } = found.groups;
  if (fence !== undefined) return el("pre", {}, unescape(fence));
  if (code) return el("code", {}, unescape(code));
  if (token) return special(token, nameOf);
  if (bold) return el("strong", {}, inline(bold, nameOf));
  if (italic) return el("em", {}, inline(italic, nameOf));
  if (strike) return el("s", {}, inline(strike, nameOf));
  return el("span", {}, withEmoji(found[0]));
}

function special(token, nameOf) {
  const bar = token.indexOf("|");
  const target = bar < 0 ? token : token.slice(0, bar);
  const label = bar < 0 ? "" : unescape(token.slice(bar + 1));
  if (target.startsWith("@")) return el("span", { class: "mention" }, `@${nameOf(target.slice(1))}`);
  if (target.startsWith("#")) return el("span", { class: "mention" }, `#${nameOf(target.slice(1))}`);
  if (target.startsWith("!date^")) return date(target, label);
  if (target.startsWith("!")) return el("span", { class: "mention" }, `@${(label || target.slice(1)).replace(/^@/, "")}`);
  const address = unescape(target);
  if (!/^(https?|mailto):/.test(address)) return `<${unescape(token)}>`;
  return el("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, label || address);
}

function date(target, fallback) {
  const [, seconds, format, link] = target.split("^");
  const when = new Date(Number(seconds) * 1000);
  if (Number.isNaN(when.getTime()) || !format) return fallback;
  const words = unescape(format).replace(/\{(\w+)\}/g, (whole, name) => DATES[name]?.(when) ?? whole);
  const time = el("time", { datetime: when.toISOString(), title: when.toLocaleString() }, words);
  return link && /^https?:/.test(link) ? el("a", { href: unescape(link), target: "_blank", rel: "noopener" }, time) : time;
}

const say = (options) => (when) => when.toLocaleString([], options);
const LONG = say({ weekday: "long", month: "long", day: "numeric", year: "numeric" });
const MIDDLE = say({ month: "long", day: "numeric", year: "numeric" });
const SHORT = say({ month: "short", day: "numeric", year: "numeric" });

function nearby(else_) {
  return (when) => {
    const days = Math.round((new Date(when).setHours(0, 0, 0, 0) - new Date().setHours(0, 0, 0, 0)) / 86400000);
    return { "-1": "yesterday", 0: "today", 1: "tomorrow" }[days] ?? else_(when);
  };
}

function ago(when) {
  const minutes = Math.round((when - Date.now()) / 60000);
  const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  if (Math.abs(minutes) < 60) return words.format(minutes, "minute");
  return Math.abs(minutes) < 1440 ? words.format(Math.round(minutes / 60), "hour") : words.format(Math.round(minutes / 1440), "day");
}

const DATES = {
  date_num: (when) => when.toISOString().slice(0, 10),
  date: MIDDLE, date_short: SHORT, date_long: LONG,
  date_pretty: nearby(MIDDLE), date_short_pretty: nearby(SHORT), date_long_pretty: nearby(LONG),
  time: say({ hour: "2-digit", minute: "2-digit" }),
  time_secs: say({ hour: "2-digit", minute: "2-digit", second: "2-digit" }),
  ago,
};
