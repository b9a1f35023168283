// Glue between the pictures of the page and Vega-Lite: each is drawn anew so that it answers to the
// mouse. `ast` makes Vega read its expressions instead of running them, as the page's policy asks.
const theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
for (const place of document.querySelectorAll("[data-spec]")) {
  const spec = JSON.parse(document.getElementById(place.dataset.spec).textContent);
  const live = document.createElement("div");
  vegaEmbed(live, spec, {mode: "vega-lite", actions: false, ast: true, logLevel: 1, renderer: "svg", tooltip: {theme}})
    .then(() => place.replaceChildren(live))
    .catch(console.error);
}

// On paper nothing can be opened.
addEventListener("beforeprint", () => {
  for (const part of document.querySelectorAll("main > section details:not(.long, .samples)")) part.open = true;
});
