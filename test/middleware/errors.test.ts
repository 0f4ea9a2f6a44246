import assert from "node:assert/strict";
import {
  AuthorizationError,
  AuthorizationSetupError,
  DecisionNotRecordedError,
  DeniedError,
  PdpFailedError,
  PdpRejectedError,
  PdpUnavailableError,
  ResourceNotFoundError,
  UnauthenticatedError,
  UnsupportedPlanError,
} from "../../middleware/index.js";

describe("errors", () => {
  it("every refusal is an AuthorizationError whose name, code and status can be relied on", () => {
    const refusals = [
      new UnauthenticatedError(),
      new DeniedError({ code: "denied", kind: "thing", action: "read", callId: "" }),
      new DeniedError({ code: "no_roles", kind: "thing", action: "read", callId: "" }),
      new ResourceNotFoundError("thing"),
      new PdpUnavailableError("unreachable"),
      new PdpRejectedError(),
      new PdpFailedError(),
      new DecisionNotRecordedError(),
      new AuthorizationSetupError("wrong"),
      new UnsupportedPlanError("eq", "R.attr.x", "wrong."),
    ];
    assert.deepEqual(
      refusals.map((error) => [error instanceof AuthorizationError, error.name, error.code, error.status]),
      [
        [true, "UnauthenticatedError", "unauthenticated", 401],
        [true, "DeniedError", "denied", 403],
        [true, "DeniedError", "no_roles", 403],
        [true, "ResourceNotFoundError", "not_found", 404],
        [true, "PdpUnavailableError", "pdp_unavailable", 503],
        [true, "PdpRejectedError", "pdp_rejected", 500],
        [true, "PdpFailedError", "pdp_failed", 500],
        [true, "DecisionNotRecordedError", "decision_not_recorded", 503],
        [true, "AuthorizationSetupError", "authorization_setup", 500],
        [true, "UnsupportedPlanError", "unsupported_plan", 500],
      ],
    );
  });
});
