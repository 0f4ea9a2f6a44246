import type { Request, Response } from "express";
import { OktaError } from "../okta-error.js";
import type { ApiContext } from "./context.js";

interface Entry<V> {
  readonly position: number;
  readonly value: V;
}

/** A list that a request reads a page of. */
interface List<V> {
  /** The entries behind a position. */
  after(position: number): Iterable<Entry<V>>;
  /** What is left out. Default: nothing. */
  readonly matches?: ((value: V) => boolean) | undefined;
  readonly shape: (value: V) => unknown;
  readonly maxLimit: number;
}

/** Sends a page of a list, with links to itself and, where there is more, to the next one. */
export function sendPage<V>({ source, cursors, origin }: ApiContext, req: Request, res: Response, list: List<V>): void {
  const limit = Math.min(limitOf(req, list.maxLimit, list.maxLimit), source.faults.pageSize ?? list.maxLimit);
  const after = queryText(req, "after");
  const page: Entry<V>[] = [];
  let isLast = true;
  for (const entry of list.after(after === undefined ? 0 : cursors.decode(after))) {
    if (list.matches && !list.matches(entry.value)) continue;
    isLast = page.length < limit;
    if (!isLast) break;
    page.push(entry);
  }
  const last = page.at(-1);
  addLink(req, res, origin, "self", {});
  if (!isLast && last) addLink(req, res, origin, "next", { after: cursors.encode(last.position) });
  res.json(page.map(({ value }) => list.shape(value)));
}

/** Adds a link to the request's own address, with other parameters. */
export function addLink(
  req: Request,
  res: Response,
  origin: string,
  rel: "self" | "next",
  changes: Record<string, string | undefined>,
): void {
  const url = new URL(req.originalUrl, origin);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  res.append("Link", `<${url.href}>; rel="${rel}"`);
}

/** @throws OktaError 400 when `limit` is not a number above 0; one above the most is taken for the most */
export function limitOf(req: Request, fallback: number, most: number): number {
  const text = queryText(req, "limit");
  if (text === undefined) return fallback;
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1) throw OktaError.invalid("limit", "must be a number above 0");
  return Math.min(limit, most);
}

/** A parameter of the address, or undefined. @throws OktaError 400 when it is there twice */
export function queryText(req: Request, name: string): string | undefined {
  const value = req.query[name];
  if (value === undefined || typeof value === "string") return value;
  throw OktaError.invalid(name, "must be there once");
}

/** @throws OktaError 400 for a parameter that Okta may know and the stand-in does not, so that nobody relies on it */
export function onlyParameters(req: Request, ...known: string[]): void {
  for (const name of Object.keys(req.query)) {
    if (!known.includes(name)) throw OktaError.invalid(name, "The stand-in does not have this parameter");
  }
}
