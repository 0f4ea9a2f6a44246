import assert from "node:assert/strict";
import { httpSink } from "../../../middleware/sinks/http-sink.js";

/** Nothing is sent to it. */
const COLLECTOR = "https://collector.example/decisions";

describe("httpSink()", () => {
  describe("says at once what is wrong with", () => {
    const urls = [
      "",
      "collector.example",
      "/decisions",
      "ftp://collector.example",
      "file:///tmp/x",
      undefined,
      7,
      null,
    ];
    for (const url of urls) {
      it(`the url ${JSON.stringify(url)}`, () => {
        assert.throws(() => httpSink(url as string), {
          name: "TypeError",
          message: /url must be one of http or https/,
        });
      });
    }

    it("a url with credentials, without telling them", () => {
      assert.throws(
        () => httpSink("https://anna:secret@collector.example/"),
        (error: Error) =>
          error instanceof TypeError && /authorization/.test(error.message) && !/secret/.test(error.message),
      );
    });

    const wrong: Record<string, unknown> = {
      format: "xml",
      gzip: "yes",
      maxEvents: 0,
      maxBytes: 1.5,
      maxAge: -1,
      capacity: Number.POSITIVE_INFINITY,
      timeout: 2 ** 31,
      patience: "1000",
      whenFull: "block",
      headers: "authorization: x",
      batchSize: 10,
      toString: 1,
    };
    for (const [name, value] of Object.entries(wrong)) {
      it(`the option ${name}`, () => {
        assert.throws(() => httpSink(COLLECTOR, { [name]: value }), {
          name: "TypeError",
          message: new RegExp(`^httpSink\\(\\): .*\\b${name}\\b`),
        });
      });
    }

    for (const options of [null, 7, "drop"]) {
      it(`options that are ${JSON.stringify(options)}`, () => {
        assert.throws(() => httpSink(COLLECTOR, options as never), {
          name: "TypeError",
          message: /must be an object/,
        });
      });
    }

    const headers: Record<string, unknown>[] = [
      { "a b": "secret" },
      { authorization: "secret\nsecret" },
      { authorization: undefined },
      { authorization: ["secret"] },
      { "Content-Encoding": "br" },
      { "content-length": "7" },
    ];
    for (const header of headers) {
      it(`the headers ${JSON.stringify(header)}, without telling their values`, () => {
        assert.throws(
          () => httpSink(COLLECTOR, { headers: header as Record<string, string> }),
          (error: Error) =>
            error instanceof TypeError &&
            /header "[^"]+" cannot be sent/.test(error.message) &&
            !/secret/.test(error.message),
        );
      });
    }

    it("nothing, when options are left open", async () => {
      await httpSink(COLLECTOR, { headers: undefined, maxEvents: undefined, gzip: undefined }).close(0);
    });
  });
});
