import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

import { FORM, createPlumbline, type Plumbline, type TokenPair } from "../src/client.js";

const url = process.env["API_URL"] ?? assert.fail("API_URL is not set: run `make client-test`");

export const PASSWORD = "correct horse battery staple";
export const anonymous = createPlumbline(url);

/** Register a user and return their address. */
export async function register(): Promise<string> {
  const email = `${randomUUID()}@example.com`;
  const { data } = await anonymous.POST("/api/v1/users", { body: { email, password: PASSWORD } });
  assert.equal(data?.email, email);
  return email;
}

/** Log a registered user in and return the tokens of the session. */
export async function logIn(email: string): Promise<TokenPair> {
  const { data } = await anonymous.POST("/api/v1/auth/token", {
    headers: FORM,
    body: { grant_type: "password", username: email, password: PASSWORD },
  });
  assert(data);
  return data;
}

/** Create a client that sends the access token. */
export function authenticated(tokens: TokenPair): Plumbline {
  return createPlumbline(url, () => tokens.access_token);
}
