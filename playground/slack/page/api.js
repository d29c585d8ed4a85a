// Talks to the driver. Answers are JSON; refusals carry `error` and `next`, which people are shown as they are.

export class Refused extends Error {
  constructor(body) {
    super([body.error, body.next].filter(Boolean).join(" "));
    this.body = body;
  }
}

async function read(response) {
  const body = await response.json();
  if (!response.ok) throw new Refused(body);
  return body;
}

export const get = async (what, query = {}) =>
  read(await fetch(`/_drive/${what}?${new URLSearchParams(query)}`));

export const post = async (what, body) =>
  read(await fetch(`/_drive/${what}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  }));
