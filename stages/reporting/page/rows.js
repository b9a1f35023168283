// Glue between the rows of the study (rows.py says what is in one) and DataTables: how a row is
// drawn, which rows are chosen. Texts are set as text; none is ever read as HTML.
const found = JSON.parse(document.getElementById("rows-data").textContent);
const {texts, arms} = found;
const [TARGET, SEED, TASK, PROPERTY, USED, PROMPT, BEHAVIOR, TRUTH, QUESTIONS, ANSWERS] = Array(10).keys();
const MARKS = [["✗", "wrong"], ["✓", "right"], ["∅", "not readable, so wrong"]];
const SHORT = 180;
const form = document.getElementById("rows-filter");

function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

// A text of a model, isolated so that its direction is its own; a long one opens.
function said(text) {
  const whole = element("span", "said", text);
  whole.dir = "auto";
  if (text.length <= SHORT && text.split("\n").length <= 6) return whole;
  const start = element("span", "said", text.split("\n").slice(0, 4).join("\n").slice(0, SHORT - 20), " …");
  start.dir = "auto";
  return element("details", "long", element("summary", "", start), whole);
}

function about(row) {
  const lines = [["target", found.target_names[row[TARGET]]], ["task", found.task_names[row[TASK]]],
    ["property", found.property_names[row[PROPERTY]]]];
  if (found.seed_names.length > 1) lines.push(["seed", found.seed_names[row[SEED]]]);
  if (!row[USED]) lines.push(["", "cell left out"]);
  return element("div", "about", ...lines.map(([name, of]) => element("div", name, String(of))));
}

function questions(row) {
  return element("div", "", ...row[QUESTIONS].map(([opening, ending, asked]) => {
    const names = element("small", "", `asked of ${asked.map((arm) => arms[arm].name).join(", ")}: `);
    const last = said(texts[ending]);
    if (!texts[opening]) return element("div", "question", names, last);
    const whole = said(`${texts[opening]}\n${texts[ending]}`);
    return element("div", "question", names, element("details", "long", element("summary", "", "… ", last), whole));
  }));
}

function answers(row, arm) {
  return element("div", "", ...(row[ANSWERS][arm] || []).map(([who, text, mark]) => {
    const [sign, word] = MARKS[mark];
    const by = who < 0 ? [] : [element("small", "who", `${texts[who]}: `)];
    const note = element("span", "mark", sign, element("span", "unseen", ` ${word} `));
    return element("div", word.split(",")[0].replace(" ", "-"), note, " ", ...by, said(texts[text]));
  }));
}

const columns = [about, (row) => said(texts[row[PROMPT]]), (row) => said(texts[row[BEHAVIOR]]), questions,
  (row) => said(texts[row[TRUTH]]), ...arms.map((_, arm) => (row) => answers(row, arm))];
const heads = [...document.querySelectorAll("#rows-table thead th")].map((head) => head.textContent.trim());
const table = new DataTable("#rows-table", {
  data: found.rows,
  columns: columns.map((draw, number) => ({
    data: null,
    cellType: number ? "td" : "th",
    searchable: false,
    visible: number < 5 || !(arms[number - 5].baseline && arms[number - 5].kind !== "mode"),
    render: (row, type) => (type === "display" ? draw(row) : ""),
    createdCell: (cell) => {
      cell.dataset.label = heads[number];
      if (!number) cell.scope = "row";
    },
  })),
  ordering: false,
  autoWidth: false,
  pageLength: 10,
  lengthMenu: [10, 25, 100, 500],
  layout: {topStart: "info", topEnd: "pageLength", bottomStart: "paging", bottomEnd: null},
  language: {info: "Rows _START_ to _END_ of _TOTAL_", infoFiltered: "(of _MAX_ in all)", infoEmpty: "No row",
    zeroRecords: "No row is so", lengthMenu: "_MENU_ rows at once"},
});

// What is chosen, as a list of tests that a row passes.
const named = {target: TARGET, task: TASK, property: PROPERTY, seed: SEED, used: USED};
const number = (kind) => arms.findIndex((arm) => arm.kind === kind);
const isMarked = (row, arm, marks) => row[ANSWERS][arm] && row[ANSWERS][arm].some((of) => marks.includes(of[2]));
const chosenMarks = {right: [1], wrong: [0, 2], unread: [2]};

function compared(choice) {
  if (choice.includes(">")) {
    const [better, worse] = choice.split(">").map(number);
    return (row) => isMarked(row, better, [1]) && isMarked(row, worse, [0, 2]);
  }
  const asked = arms.flatMap((arm, at) => (arm.baseline ? [] : [at]));
  return (row) => {
    const seen = new Set(asked.flatMap((arm) => (row[ANSWERS][arm] || []).map((of) => of[1])));
    return choice === "differ" ? seen.size > 1 : seen.size === 1;
  };
}

function holding(part) {
  const wanted = part.toLowerCase();
  const hits = texts.map((text) => text.toLowerCase().includes(wanted));
  return (row) => hits[row[PROMPT]] || hits[row[BEHAVIOR]] || hits[row[TRUTH]] ||
    row[QUESTIONS].some((of) => hits[of[0]] || hits[of[1]]) ||
    row[ANSWERS].some((of) => of && of.some((answer) => hits[answer[1]]));
}

function tests() {
  const chosen = Object.fromEntries(new FormData(form));
  const made = [];
  for (const [name, at] of Object.entries(named)) {
    if (chosen[name]) made.push((row) => row[at] === Number(chosen[name]));
  }
  arms.forEach((arm, at) => {
    const marks = chosenMarks[chosen[`arm-${arm.kind}`]];
    if (marks) made.push((row) => isMarked(row, at, marks));
  });
  if (chosen.compare) made.push(compared(chosen.compare));
  if (chosen.text) made.push(holding(chosen.text));
  return made;
}

function choose() {
  arms.forEach((arm, at) => {
    const column = table.column(at + 5), wanted = form.elements[`arm-${arm.kind}`].value !== "hidden";
    if (column.visible() !== wanted) column.visible(wanted, false); // slow where nothing changes, too
  });
  const made = tests();
  table.search.fixed("chosen", (_, row) => made.every((test) => test(row))).draw();
}

let waiting;
for (const change of ["input", "change"]) {
  form.addEventListener(change, () => {
    clearTimeout(waiting);
    waiting = setTimeout(choose, 60);
  });
}
form.addEventListener("reset", () => setTimeout(choose));
form.addEventListener("submit", (event) => event.preventDefault());
for (const link of document.querySelectorAll("[data-compare]")) {
  link.addEventListener("click", () => {
    form.elements.compare.value = link.dataset.compare;
    choose();
  });
}
choose();
document.documentElement.classList.add("with-rows");
