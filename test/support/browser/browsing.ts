import assert from "node:assert/strict";
import type { Context } from "mocha";
import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page, Response } from "playwright-core";
import { afterAllTests } from "../cleanup.js";
import { deleteAll, uniqueWord } from "../contacts/contacts.js";
import { useFixture } from "../fixture.js";
import { type Client, clientOf } from "../http/client.js";
import { sharedStack } from "../stack/shared-stack.js";
import type { Stack } from "../stack/stack.js";
import { findChromium, launchChromium } from "./chromium.js";

/** The demo users, by first name. */
export type Person = "alice" | "uma" | "omar" | "audrey" | "nina";

export function emailOf(person: Person): string {
  return `${person}@example.com`;
}

const viewport = { width: 1280, height: 800 };

const shared = new Map<string, Promise<Browser>>();

/** The browsers that all suites share. The first call launches one; it closes after the last test. */
function sharedBrowser(executable: string): Promise<Browser> {
  const known = shared.get(executable);
  if (known) return known;
  const launching = launchChromium(executable);
  shared.set(executable, launching);
  afterAllTests(async () => {
    const browser = await launching.catch(() => undefined);
    await browser?.close();
  });
  return launching;
}

/** An app that is browsed. */
export type BrowsedApp = Pick<Stack, "url" | "token" | "log">;

interface BrowsingOptions {
  readonly stack?: BrowsedApp;
  readonly isWhole?: boolean;
}

/** Real browsers at a real app, for a suite; cleans up what the suite leaves behind in both. */
export class Browsing {
  readonly stack: BrowsedApp;
  /** Occurs in every contact that the suite creates, and in no other; put it into the company. */
  readonly word = uniqueWord();
  readonly #browser: Browser;
  /** Closed after the test that opened them. */
  readonly #contexts = new Set<BrowserContext>();
  /** Closed after the suite. */
  readonly #kept = new Map<Person | undefined, Promise<Page>>();
  readonly #complaints: (() => string | undefined)[] = [];

  private constructor(stack: BrowsedApp, browser: Browser) {
    this.stack = stack;
    this.#browser = browser;
  }

  /**
   * For the hook before a suite. Without a browser the suite is skipped; in CI, which must not skip, it fails.
   *
   * @param options.stack - default: the one that suites share
   * @param options.isWhole - see {@link findChromium}. Default `false`
   */
  static async start(test: Context, { stack, isWhole = false }: BrowsingOptions): Promise<Browsing> {
    const executable = findChromium(isWhole);
    if (!executable) {
      const reason = "no Chromium on the PATH; install it, or name one in CHROMIUM";
      if (process.env.CI) throw new Error(reason);
      console.warn(`      skipped: ${reason}`);
      test.skip();
    }
    const browser = sharedBrowser(executable);
    return new Browsing(stack ?? (await sharedStack()), await browser);
  }

  /** A page of a new browser profile, in which nobody is logged in. */
  async stranger(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.#newContext(options);
    this.#contexts.add(context);
    return context.newPage();
  }

  /**
   * A page of a browser profile that is kept through the suite, because new ones cost time. For tests that are not about
   * logging in, and so must not log out.
   *
   * @param person - is logged in there; left out, nobody is
   */
  async as(person?: Person): Promise<Page> {
    const known = this.#kept.get(person) ?? this.#keep(person);
    this.#kept.set(person, known);
    known.catch(() => this.#kept.delete(person));
    const page = await known;
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme: "light" });
    return page;
  }

  /** An API client of a person, to prepare what a page will show. */
  async client(person: Person): Promise<Client> {
    return clientOf(this.stack.url, await this.stack.token(emailOf(person)));
  }

  /** For the hook after each test: closes what it opened, and fails it if a page of it complained. */
  async endOfTest(): Promise<void> {
    const complaints = this.complaints();
    const kept = await Promise.all(this.#kept.values());
    const tabs = kept.flatMap((page) =>
      page
        .context()
        .pages()
        .filter((other) => other !== page),
    );
    await Promise.all([...tabs, ...this.#contexts].map((opened) => opened.close()));
    this.#contexts.clear();
    assert.deepEqual(complaints, [], "nothing in the console: no error, no violation of the content security policy");
  }

  /** For the hook after a suite: closes the rest, and deletes the contacts that it created. */
  async endOfSuite(): Promise<void> {
    await Promise.all([...this.#kept.values()].map(async (page) => (await page).context().close()));
    await deleteAll(await this.client("alice"), this.word);
  }

  /** What pages have written to their consoles since this was last asked, and requests that were not answered. */
  complaints(): string[] {
    return this.#complaints.splice(0).flatMap((complaint) => complaint() ?? []);
  }

  async #newContext(options: BrowserContextOptions = {}): Promise<BrowserContext> {
    const context = await this.#browser.newContext({
      baseURL: this.stack.url,
      viewport,
      colorScheme: "light",
      reducedMotion: "reduce",
      locale: "en-GB",
      ...options,
    });
    // Enough for a machine that does much else; a page that does not come has failed long before.
    context.setDefaultTimeout(30_000);
    context.on("page", (page) => this.#listen(page));
    return context;
  }

  async #keep(person: Person | undefined): Promise<Page> {
    const page = await (await this.#newContext()).newPage();
    if (person) {
      await page.goto("/login");
      await chooseAtSignIn(page, person);
    }
    return page;
  }

  #listen(page: Page): void {
    const documents = new Set<string>();
    page.on("response", (response) => {
      if (response.request().isNavigationRequest()) documents.add(response.url());
    });
    page.on("console", (message) => {
      if (!["error", "warning"].includes(message.type())) return;
      const { url } = message.location();
      const text = message.text();
      // Chromium reports a page with an error status as well. Asked later, when its answer has surely been noted.
      const isOfPage = () => text.startsWith("Failed to load resource") && documents.has(url);
      this.#complaints.push(() => (isOfPage() ? undefined : `${url}: ${text}`));
    });
    page.on("pageerror", (error) => this.#complaints.push(() => `${page.url()}: ${error.message}`));
    page.on("requestfailed", (request) => {
      const { errorText } = request.failure() ?? {};
      // A page that is left before its icon has come is no defect.
      if (errorText === "net::ERR_ABORTED") return;
      this.#complaints.push(() => `${request.url()}: ${errorText}`);
    });
  }
}

/**
 * Gives the suite that calls this browsers at a stack, from its first hook on.
 *
 * @param options - see {@link Browsing.start}
 */
export function useBrowsing(options: BrowsingOptions = {}): Browsing {
  const browsing = useFixture(
    (suite) => Browsing.start(suite, options),
    (started) => started.endOfSuite(),
  );
  afterEach(() => browsing.endOfTest());
  return browsing;
}

/** Presses a person's button on the demo identity provider's sign-in page, and waits for the app's page that follows. */
export async function chooseAtSignIn(page: Page, person: Person): Promise<number> {
  return loading(page, () => page.getByRole("button", { name: emailOf(person) }).click());
}

/**
 * Does something that leads to another page, and waits for that, redirects included and pages that go on by themselves.
 * Returns the page's status.
 */
export async function loading(page: Page, act: () => Promise<unknown>): Promise<number> {
  let isThere = false;
  const [response] = await Promise.all([
    page.waitForResponse((answer) => {
      isThere =
        answer.frame() === page.mainFrame() &&
        answer.request().isNavigationRequest() &&
        (answer.status() < 300 || answer.status() > 399) &&
        !goesOn(answer);
      return isThere;
    }),
    page.waitForEvent("load", () => isThere),
    act(),
  ]);
  return response.status();
}

/** Whether an answer is a page that stands in for a redirect. */
function goesOn(answer: Response): boolean {
  const method = answer.request().method();
  const leavesForOkta = ["/logout", "/demo/login"].includes(new URL(answer.url()).pathname);
  return method === "GET" ? answer.status() === 401 : leavesForOkta && answer.ok();
}

/** Follows a link by its name. Returns the status of the page it leads to. */
export function follow(page: Page, name: string | RegExp): Promise<number> {
  return loading(page, () => page.getByRole("link", { name, exact: typeof name === "string" }).click());
}

/** Presses a button by its name. Returns the status of the page that follows. */
export function press(page: Page, name: string): Promise<number> {
  return loading(page, () => page.getByRole("button", { name, exact: true }).click());
}

/** Opens what the header has for who is logged in: the profile, the logout and, in the demo, other people. */
export function openAccount(page: Page): Promise<void> {
  return page.getByRole("banner").getByRole("button", { name: "Logged in as" }).click();
}

/** Goes to the profile. Returns the status of the page. */
export async function goToProfile(page: Page): Promise<number> {
  await openAccount(page);
  return follow(page, "My profile");
}

/** Presses the header's button that logs out. Returns the status of the page that follows. */
export async function pressLogOut(page: Page): Promise<number> {
  await openAccount(page);
  return press(page, "Log out");
}

/** Goes to an address. Returns the status of the page at the end of its redirects. */
export async function visit(page: Page, path: string): Promise<number | undefined> {
  return (await page.goto(path))?.status();
}

/** The words of a part of a page, without the line breaks of its source. */
export async function wordsOf(part: Locator): Promise<string> {
  return ((await part.textContent()) ?? "").replace(/\s+/g, " ").trim();
}

/** The first heading of the page, which says what it is. */
export function headingOf(page: Page): Promise<string> {
  return wordsOf(page.getByRole("heading", { level: 1 }));
}

/** Whether the browser stands at the identity provider, being asked who it is. */
export async function isAskedToSignIn(page: Page): Promise<boolean> {
  const button = page.getByRole("button", { name: emailOf("uma") });
  return (await button.count()) === 1 && (await button.isVisible());
}
