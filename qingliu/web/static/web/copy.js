// Puts a copy button on each sample. The page is whole without it.
"use strict";
for (const sample of document.querySelectorAll("pre[data-copy]")) {
  if (!navigator.clipboard) break;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = sample.dataset.copy;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(sample.textContent);
    button.textContent = sample.dataset.copied;
    setTimeout(() => { button.textContent = sample.dataset.copy; }, 2000);
  });
  const frame = document.createElement("div");
  frame.className = "copyable";
  sample.replaceWith(frame);
  frame.append(sample, button);
}
