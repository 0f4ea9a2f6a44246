// The menus of a list's rows: what the link's page has, below the row. Without it, the link leads to that page.
{
  /** The link whose menu is open, and its menu. */
  let open;

  const close = () => {
    open?.menu.remove();
    open?.link.setAttribute("aria-expanded", "false");
    open = undefined;
  };

  const show = async (link) => {
    close();
    const menu = document.createElement("div");
    menu.className = "row-actions-menu";
    open = { link, menu };
    link.setAttribute("aria-expanded", "true");
    const answer = await fetch(link.href, { headers: { Accept: "text/html" } }).catch(() => undefined);
    // Closed meanwhile, or another one was opened.
    if (open?.menu !== menu) return;
    const page = answer?.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : undefined;
    const actions = page?.getElementById("row-actions");
    // Logged out, deleted, not allowed any more: the page itself says which.
    if (!actions) return location.assign(link.href);
    if (open?.menu !== menu) return;
    menu.append(document.importNode(actions, true));
    link.after(menu);
    menu.querySelector("a").focus();
  };

  for (const link of document.querySelectorAll(".row-menu")) {
    link.setAttribute("role", "button");
    link.setAttribute("aria-expanded", "false");
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest(".row-menu");
    const isPlain = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
    if (link && isPlain) {
      event.preventDefault();
      if (open?.link === link) close();
      else show(link);
    } else if (!event.target.closest(".row-actions-menu")) close();
  });

  document.addEventListener("keydown", (event) => {
    // What is called a button answers to the space bar, too.
    if (event.key === " " && event.target.closest(".row-menu")) {
      event.preventDefault();
      event.target.click();
    }
    if (event.key !== "Escape" || !open) return;
    const { link } = open;
    close();
    link.focus();
  });

  // The focus has left it by Tab.
  document.addEventListener("focusin", ({ target }) => {
    if (open && target !== open.link && !open.menu.contains(target)) close();
  });
}
