/** Runs the requests of the page of APIs where they stand: status, time, type, and the first lines of what came. */
const MOST = 4000;
const LINES = 24;

/** The beginning of an answer; the rest is not fetched. */
async function beginning(answer) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return { text, isWhole: true };
    text += value;
    if (text.length > MOST * 16) break;
  }
  reader.cancel();
  return { text, isWhole: false };
}

/** What a person reads of it: JSON in lines, anything else as it came. */
function shown({ text, isWhole }, type) {
  if (type.includes("json") && isWhole) text = JSON.stringify(JSON.parse(text), null, 1);
  const lines = text.slice(0, MOST).split("\n");
  return { said: lines.slice(0, LINES).join("\n"), isCut: !isWhole || text.length > MOST || lines.length > LINES };
}

async function run(button) {
  const box = document.getElementById(button.dataset.shows);
  const [status, code] = [box.querySelector("[role=status]"), box.querySelector("code")];
  box.hidden = false;
  status.textContent = "…";
  code.textContent = "";
  const start = performance.now();
  try {
    const answer = await fetch(button.dataset.run);
    const time = Math.round(performance.now() - start);
    const type = (answer.headers.get("content-type") ?? "").split(";")[0];
    const { said, isCut } = shown(await beginning(answer), type);
    const parts = [`${answer.status} ${answer.statusText}`.trim(), `${time} ms`, type, isCut ? box.dataset.cut : ""];
    status.textContent = parts.filter(Boolean).join(" · ");
    code.textContent = said;
  } catch {
    status.textContent = box.dataset.failed;
  }
}

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-run]");
  if (button) run(button);
});
