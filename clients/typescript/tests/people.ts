import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

import { FORM, createPlumbline, type Plumbline, type TokenPair } from "../src/client.js";

const url = process.env["API_URL"] ?? assert.fail("API_URL names the service: make client-test");

export const PASSWORD = "correct horse battery staple";
export const anonymous = createPlumbline(url);

/** The address of someone who has just registered. */
export async function register(): Promise<string> {
  const email = `${randomUUID()}@example.com`;
  const { data } = await anonymous.POST("/api/v1/users", { body: { email, password: PASSWORD } });
  assert.equal(data?.email, email);
  return email;
}

/** The tokens of a new session of someone who has registered. */
export async function logIn(email: string): Promise<TokenPair> {
  const { data } = await anonymous.POST("/api/v1/auth/token", {
    headers: FORM,
    body: { grant_type: "password", username: email, password: PASSWORD },
  });
  assert(data);
  return data;
}

/** A client that sends the access token of these. */
export function authenticated(tokens: TokenPair): Plumbline {
  return createPlumbline(url, () => tokens.access_token);
}
