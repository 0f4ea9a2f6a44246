import type { Express, Request } from "express";
import type { DeniedError } from "../../middleware/index.js";

/** Finds what the page of a refusal says besides; `null`: nothing. */
export type RefusalHelp = (req: Request, error: DeniedError) => Promise<object | null>;

/** Sets what helps users who may not do what they have tried. */
export function useRefusalHelp(app: Express, help: RefusalHelp): void {
  app.set("refusal help", help);
}

/** What the page of a refusal says besides. It is left out when it cannot be found: the refusal stands all the same. */
export async function refusalHelp(req: Request, error: DeniedError): Promise<object | null> {
  const help: RefusalHelp | undefined = req.app.get("refusal help");
  try {
    return (await help?.(req, error)) ?? null;
  } catch (err) {
    req.log.warn({ err }, "what helps after a refusal is not known");
    return null;
  }
}
