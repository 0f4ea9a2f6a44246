// Made of the policies by "gatehouse-authz types". Do not edit it: make it again.
declare global {
  namespace Authz {
    interface Policies {
      contact: Record<"ask" | "create" | "delete" | "list" | "read" | "share" | "transfer" | "update", Schemas["cerbos:///contact.json"]>;
      decision: Record<"export" | "list" | "tail", object> & Record<"read", Schemas["cerbos:///decision.json"]>;
      directory: Record<"find" | "handover" | "list" | "read" | "reconcile" | "release" | "revoke", Schemas["cerbos:///directory.json"]>;
      view: Record<"delete" | "list" | "save", Schemas["cerbos:///view.json"]>;
    }
    interface Principals {
      attributes: Schemas["cerbos:///principal.json"];
    }
  }
}

/**
 * What policies may know of a decision in the log.
 */
export type Decision = (
  | {
      [k: string]: any;
    }
  | {
      source: "check";
    }
) & {
  /**
   * Id of the principal; left out when nobody was logged in.
   */
  principalId?: string;
  /**
   * What asked: a guard, a list, or a check of what a page shows. What happened to a session has a guard's.
   */
  source?: "guard" | "filter" | "check";
  /**
   * The kind of the resource; session for logins, logouts and the like.
   */
  kind?: string;
  /**
   * Left out when there was no such resource.
   */
  resourceId?: string;
  action?: string;
  effect?: "allow" | "deny";
};

export interface Schemas {
  "cerbos:///contact.json": Contact;
  "cerbos:///decision.json": Decision;
  "cerbos:///directory.json": Directory;
  "cerbos:///principal.json": Principal;
  "cerbos:///view.json": View;
}
/**
 * What policies may know of a contact. Its names, addresses and notes stay in the app.
 */
export interface Contact {
  /**
   * Id of the principal who owns the contact.
   */
  ownerId: string;
  /**
   * Who sees the contact besides its owner and those whom it is shared with.
   */
  visibility: "everyone" | "team" | "private";
  /**
   * The owner's department, whose people see the contact when it is the team's; empty when there is none.
   */
  department: string;
  /**
   * Ids of the principals whom the contact is shared with, those who may change it included.
   */
  sharedWith: string[];
  /**
   * Those of sharedWith who may change the contact.
   */
  editors: string[];
  /**
   * Ids of the principals whom the owner reports to, directly or not, the closest first.
   */
  managers: string[];
}
/**
 * What policies may know of a person in the directory. The directory as a whole has no attributes.
 */
export interface Directory {
  /**
   * Okta's status of the person, such as ACTIVE or SUSPENDED; left out for one who is known from logins alone.
   */
  status?: string;
  /**
   * Ids of the principals whom the person reports to, directly or not, the closest first.
   */
  managers?: string[];
}
/**
 * What policies may know of the principal, besides the id and the roles.
 */
export interface Principal {
  email?: string;
  /**
   * The department that the person works in; left out when none is known.
   */
  department?: string;
}
/**
 * What policies may know of a view of the list of contacts that a person has kept. Its name and query stay in the app.
 */
export interface View {
  /**
   * Id of the principal who keeps the view.
   */
  ownerId: string;
}
