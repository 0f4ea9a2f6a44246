import type { Menu } from "../../../web/menu.js";
import type { AccessRequestStore } from "./store.js";

/** Makes the menu's entry for requests: for users who have made some, or whose contacts are asked for. */
export function accessRequestMenu(requests: AccessRequestStore): Menu {
  return async (req) => {
    const { principal } = req.authz;
    if (!principal?.roles.length) return [];
    const { toAnswer, own } = await requests.count(principal.id);
    if (toAnswer + own === 0) return [];
    const label = toAnswer > 0 ? `Requests (${toAnswer})` : "Requests";
    return [
      { href: "/requests", label, purpose: "Answer who asks for access to your contacts, and see what came of yours." },
    ];
  };
}
