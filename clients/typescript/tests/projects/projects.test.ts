import assert from "node:assert/strict";
import { test } from "node:test";

import { authenticated, logIn, register } from "../people.js";

test("projects are created once per idempotency key, and listed page by page", async () => {
  const client = authenticated(await logIn(await register()));
  const create = (name: string) =>
    client.POST("/api/v1/projects", {
      params: { header: { "Idempotency-Key": name } },
      body: { name },
    });

  const first = await create("one");
  const repeated = await create("one");
  await create("two");
  const { data: page } = await client.GET("/api/v1/projects", { params: { query: { limit: 1 } } });
  assert(page?.next_cursor);
  const { data: rest } = await client.GET("/api/v1/projects", {
    params: { query: { limit: 1, cursor: page.next_cursor } },
  });

  assert.equal(repeated.data?.id, first.data?.id);
  assert.deepEqual([...page.items, ...(rest?.items ?? [])].map(({ name }) => name), ["two", "one"]);
  assert.equal(rest?.next_cursor, null);
});

test("a change of a project with an outdated entity tag is rejected", async () => {
  const client = authenticated(await logIn(await register()));
  const { data: project, response } = await client.POST("/api/v1/projects", { body: { name: "Engine" } });
  const etag = response.headers.get("ETag");
  assert(project && etag);
  const rename = (name: string) =>
    client.PATCH("/api/v1/projects/{project_id}", {
      params: { path: { project_id: project.id }, header: { "If-Match": etag } },
      body: { name },
    });

  const renamed = await rename("Analytical engine");
  const rejected = await rename("Difference engine");

  assert.equal(renamed.data?.name, "Analytical engine");
  assert.equal(rejected.error?.code, "precondition_failed");
});
