/** Addresses of the app, one of every kind: public, private, static, health, redirect, refusal. */
export const samplePaths = [
  "/",
  "/contacts",
  "/login",
  "/nowhere",
  "/livez",
  "/readyz",
  "/assets/gatehouse.css",
  "/contacts/%E0%A4",
];
