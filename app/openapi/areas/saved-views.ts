import { renameInput, viewInput } from "../../contacts/list/saved/input.js";
import {
  type Area,
  emptyAnswer,
  GUARDED,
  header,
  idInPath,
  jsonAnswer,
  jsonBody,
  OF_BODY,
  OF_RESOURCE,
  operation,
} from "../operation.js";
import { arrayOf, described, fromZod, object, ref, text, uuid } from "../schemas.js";

const TAG = "Views";

const view = object({
  id: uuid,
  name: text,
  query: described("The query string of its list: `/contacts?` and this is the list's address.", text),
});

export const savedViews: Area = {
  tag: { name: TAG, description: "Lists of contacts that the caller keeps under names." },
  schemas: { View: view },
  paths: {
    "/contacts/views": {
      get: operation(TAG, {
        id: "listViews",
        summary: "List the views that the caller keeps",
        answers: { 200: jsonAnswer("All of them, by name.", object({ views: arrayOf(ref("View")) })) },
        problems: GUARDED,
      }),
      post: operation(TAG, {
        id: "saveView",
        summary: "Keep a view",
        description:
          "In place of the one of the same name; case and accents do not count. `after` and `before` are left out.",
        body: jsonBody(fromZod(viewInput)),
        answers: {
          200: jsonAnswer("The view, in place of another.", ref("View")),
          201: jsonAnswer("The new view.", ref("View"), { Location: header("Its address.") }),
        },
        problems: [...GUARDED, ...OF_BODY, 409],
      }),
    },
    "/contacts/views/{id}": {
      parameters: [idInPath("The id of a view.", uuid)],
      patch: operation(TAG, {
        id: "renameView",
        summary: "Rename a view",
        body: jsonBody(fromZod(renameInput), ["application/json", "application/merge-patch+json"]),
        answers: { 200: jsonAnswer("The view as it is now.", ref("View")) },
        problems: [...OF_RESOURCE, ...OF_BODY, 409],
      }),
      delete: operation(TAG, {
        id: "deleteView",
        summary: "Delete a view",
        answers: { 204: emptyAnswer("It was deleted.") },
        problems: OF_RESOURCE,
      }),
    },
  },
};
