import assert from "node:assert/strict";
import { test } from "node:test";

import { FORM } from "../src/client.js";
import { PASSWORD, anonymous, authenticated, logIn, register } from "./people.js";

test("a registered user logs in, reads and changes the profile", async () => {
  const email = await register();
  const client = authenticated(await logIn(email));

  const changed = await client.PATCH("/api/v1/users/me", { body: { full_name: "Ada Lovelace" } });
  const read = await client.GET("/api/v1/users/me");

  assert.equal(read.data?.email, email);
  assert.equal(read.data.full_name, "Ada Lovelace");
  assert.deepEqual(read.data, changed.data);
});

test("a list is read page by page", async () => {
  const email = await register();
  await logIn(email);
  const client = authenticated(await logIn(email));

  const current: boolean[] = [];
  let cursor: string | null | undefined;
  do {
    const query = cursor ? { limit: 1, cursor } : { limit: 1 };
    const { data } = await client.GET("/api/v1/auth/sessions", { params: { query } });
    assert(data);
    current.push(...data.items.map((session) => session.current));
    cursor = data.next_cursor;
  } while (cursor);

  assert.deepEqual(current, [true, false]);
});

test("a session continues with its refresh token, and ends with the log-out", async () => {
  const { refresh_token } = await logIn(await register());

  const { data: tokens } = await anonymous.POST("/api/v1/auth/token", {
    headers: FORM,
    body: { grant_type: "refresh_token", refresh_token },
  });
  assert(tokens);
  const client = authenticated(tokens);
  const before = await client.GET("/api/v1/users/me");
  await client.POST("/api/v1/auth/revoke", { headers: FORM, body: { token: tokens.refresh_token } });
  const after = await client.GET("/api/v1/users/me");

  assert.equal(before.response.status, 200);
  assert.equal(after.error?.code, "unauthenticated");
});

/** Register a user and return the text that a form would show. */
async function explainRegistration(email: string, password: string): Promise<string> {
  const { error } = await anonymous.POST("/api/v1/users", { body: { email, password } });
  switch (error?.code) {
    case undefined:
      return "Welcome.";
    case "email_taken":
      return "Log in instead.";
    case "weak_password":
    case "invalid_input":
      return (error.errors ?? []).map((violation) => violation.pointer).join();
    case "body_too_large":
    case "internal_error":
    case "rate_limited":
    case "service_unavailable":
      return `${error.detail} (${error.request_id})`;
    default:
      return error satisfies never; // does not compile if the document defines another code
  }
}

test("an error is identified by its code", async () => {
  const email = await register();

  assert.equal(await explainRegistration(email, PASSWORD), "Log in instead.");
  assert.equal(await explainRegistration("ada@", "password"), "/email");
  assert.equal(await explainRegistration("ada@example.com", "password"), "/password");
});
