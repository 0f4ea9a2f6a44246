import assert from "node:assert/strict";
import { isEmailAddress } from "../../app/email-address.js";

describe("e-mail addresses", () => {
  const addresses = [
    "ada@example.com",
    "a&b@example.com",
    "o'hara+news@example.co.uk",
    "#!$%&'*+/=?^_`{}|~-@example.com",
    "a@1.example",
    "mail@köln.example",
    "mail@ko\u0308ln.example",
    "MAIL@KÖLN.EXAMPLE",
    "mail@xn--kln-sna.example",
    "user@example.xn--p1ai",
    "user@example.рф",
    "用户@例子.中国",
    "jörg@example.com",
    "δοκιμή@παράδειγμα.δοκιμή",
    "अजय@डाटा.भारत",
    `${"l".repeat(64)}@example.com`,
    `a@${"l".repeat(63)}.example`,
  ];
  for (const address of addresses) it(`are such as ${address}`, () => assert(isEmailAddress(address)));

  const others = {
    "nothing at all": ["", " ", "@"],
    "without an @, or with two": ["ada", "ada.example.com", "a@b@example.com", "a@@example.com", "a＠example.com"],
    "without what comes before it": ["@example.com", "@köln.example"],
    "without a domain, or with a half one": ["ada@", "ada@example", "ada@köln", "ada@localhost", "ada@рф"],
    "with dots in wrong places": [
      ".a@example.com",
      "a.@example.com",
      "a..b@example.com",
      "a@.com",
      "a@b..com",
      "a@b.com.",
    ],
    "with spaces": ["a b@example.com", "a@exa mple.com", "a\u00a0b@example.com", "a@köln.exa\u3000mple", "a@b.com\n"],
    "with control or invisible characters": [
      "a\0@example.com",
      "a\u200b@example.com",
      "a@ex\u00adample.com",
      "a\u202eb@x.com",
    ],
    "with half a character": ["a\ud83d@example.com", "a@\udc00.com"],
    "with brackets, quotes, commas": [
      '"a b"@example.com',
      "<a@example.com>",
      "a,b@example.com",
      "a(b)@example.com",
      "a;b@x.com",
    ],
    "at hosts given by number": ["a@127.0.0.1", "a@1.2.3", "a@[127.0.0.1]", "a@example.123", "a@0x7f.1"],
    "at what is no host": [
      "a@-b.com",
      "a@b-.com",
      "a@b_c.com",
      "a@exa%6dple.com",
      "a@xn--a.example",
      "a@b.com/x",
      "a@b.com:25",
    ],
    "too long": [
      `${"l".repeat(65)}@example.com`,
      `${"ö".repeat(33)}@example.com`,
      `a@${"l".repeat(64)}.com`,
      `a@${"long.".repeat(50)}example`,
    ],
  };
  for (const [what, texts] of Object.entries(others)) {
    it(`are not those ${what}`, () => {
      for (const text of texts) assert(!isEmailAddress(text), JSON.stringify(text));
    });
  }
});
