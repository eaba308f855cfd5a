/** Calls that the compiler must reject, because the OpenAPI document does not define them. */

import { anonymous } from "./people.js";

export const refused = [
  // @ts-expect-error -- no such path
  () => anonymous.GET("/api/v1/nothing"),

  // @ts-expect-error -- a field is missing
  () => anonymous.POST("/api/v1/users", { body: { email: "" } }),

  // @ts-expect-error -- no such parameter
  () => anonymous.GET("/api/v1/users", { params: { query: { page: 1 } } }),

  // @ts-expect-error -- no such code
  async () => (await anonymous.GET("/api/v1/users/me")).error?.code === "email_taken",

  // @ts-expect-error -- a field that may be null
  async () => (await anonymous.GET("/api/v1/users/me")).data?.full_name.length,
];
