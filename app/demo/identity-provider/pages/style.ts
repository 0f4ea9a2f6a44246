import { createHash } from "node:crypto";

/** The stylesheet of the stand-in's pages, which is inlined into each of them. */
export const style = `
:root {
  color-scheme: light dark;
  --page: #eef1f5; --card: #fff; --text: #1d2433; --quiet: #566074; --line: #d3dae5; --edge: #7b8699;
  --accent: #2457c5; --accent-soft: #eaf0fd; --note: #fff6dc; --note-line: #e6c766; --note-text: #574200;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12161e; --card: #1b212c; --text: #e8ecf3; --quiet: #a9b4c6; --line: #343d4d; --edge: #8592a8;
    --accent: #9dbcff; --accent-soft: #243150; --note: #332b12; --note-line: #6d5a1d; --note-text: #f5e2a8;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; min-height: 100vh; display: flex; justify-content: center; align-items: flex-start;
  padding: clamp(1rem, 7vh, 5rem) 1rem; background: var(--page); color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
}
main {
  width: 100%; max-width: 28rem; min-width: 0; padding: clamp(1.25rem, 5vw, 2rem); background: var(--card);
  border: 1px solid var(--line); border-radius: .75rem; box-shadow: 0 .5rem 2rem rgb(20 30 60 / 8%);
}
main.wide { max-width: 68rem; }
h1 { margin: 0 0 1rem; font-size: 1.5rem; line-height: 1.25; text-wrap: balance; }
p { margin: 0 0 1rem; }
a { color: var(--accent); text-underline-offset: .15em; }
code { font: .9em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.note {
  padding: .75rem 1rem; background: var(--note); border: 1px solid var(--note-line); border-radius: .5rem;
  color: var(--note-text); font-size: .9375rem;
}
.people { display: grid; gap: .625rem; margin: 0 0 1.25rem; padding: 0; list-style: none; }
.person {
  display: grid; grid-template-columns: 2.75rem 1fr; column-gap: .875rem; align-items: center; width: 100%;
  padding: .75rem .875rem; background: transparent; color: inherit; font: inherit; text-align: left; cursor: pointer;
  border: 1px solid var(--edge); border-radius: .5rem;
}
.person:hover { background: var(--accent-soft); border-color: var(--accent); }
.person:focus-visible, a:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: .5rem; }
.initials {
  grid-row: span 3; display: grid; place-items: center; width: 2.75rem; height: 2.75rem; border-radius: 50%;
  background: var(--accent-soft); color: var(--accent); font-weight: 600;
}
.name { font-weight: 600; overflow-wrap: anywhere; }
.email { overflow-wrap: anywhere; }
.purpose { color: var(--quiet); font-size: .875rem; }
dl { display: grid; gap: .25rem; margin: 0 0 1.25rem; }
dt { color: var(--quiet); font-size: .875rem; }
dd { margin: 0 0 .5rem; overflow-wrap: anywhere; }
.end { margin: 0; }
h2 { margin: 1.75rem 0 .75rem; font-size: 1.125rem; }
table { width: 100%; margin: 0 0 1.25rem; border-collapse: collapse; }
caption { padding: 0 0 .5rem; color: var(--quiet); font-size: .875rem; text-align: left; }
th, td { padding: .5rem .75rem .5rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; overflow-wrap: anywhere; }
th { font-weight: 600; }
@media (max-width: 48rem) {
  table, caption, tbody, tr, tbody th, tbody td { display: block; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tr { padding: .625rem 0; border-bottom: 1px solid var(--line); }
  tbody th, tbody td { padding: .125rem 0; border: 0; }
  td::before { content: attr(data-label) ": "; color: var(--quiet); font-size: .875rem; }
}
.line { display: flex; flex-wrap: wrap; gap: .625rem; align-items: end; margin: 0 0 1.25rem; }
.field { display: grid; gap: .25rem; }
input[type="text"], input[type="search"] {
  padding: .5rem .75rem; background: var(--card); color: inherit; font: inherit;
  border: 1px solid var(--edge); border-radius: .5rem;
}
fieldset { margin: 0 0 1rem; padding: 0; border: 0; }
legend { padding: 0; font-size: 1.125rem; font-weight: 700; }
.choice { display: flex; gap: .625rem; align-items: center; padding: .25rem 0; }
.action {
  padding: .5rem 1rem; background: var(--accent-soft); color: inherit; font: inherit; cursor: pointer;
  border: 1px solid var(--edge); border-radius: .5rem;
}
.action:hover { border-color: var(--accent); }
.action:focus-visible, input:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
`;

/** The stylesheet as a source for `style-src` (Content Security Policy Level 3, section 2.3.1). */
export const styleSource = `'sha256-${createHash("sha256").update(style).digest("base64")}'`;
