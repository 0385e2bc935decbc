export const auth = {
  email: "Email",
  password: "Password",
  logIn: "Log in",
} as const;
