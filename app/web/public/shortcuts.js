// The key "/" goes to the search. The profile switches it off (WCAG 2.2, 2.1.4); the page then comes without this script.
{
  const fields = "input, select, textarea, [contenteditable]";

  addEventListener("keydown", (event) => {
    const { key, ctrlKey, metaKey, altKey, target } = event;
    if (key !== "/" || ctrlKey || metaKey || altKey || event.isComposing || event.defaultPrevented) return;
    if (target instanceof Element && target.closest(fields)) return;
    const search = document.querySelector("[aria-keyshortcuts='/']");
    if (!search) return;
    // The key itself is not typed into the field.
    event.preventDefault();
    search.focus();
    search.select();
  });
}
