import { describe, expect, it } from "vitest";

import { invitationsThatEnd, rolesToGive, whyNoOtherRole, whyNotHandedOver, whyNotRemoved, whyNotTakenBack } from "./capabilities";
import type { Invitation, Member } from "./queries";

const member = (id: string, role: string): Member => ({ id, role, email: `${id}@acme.example`, name: id, verified: true, since: "2026-11-20T00:00:00Z" });
const [olga, otto, adam, dina, vera] = [member("olga", "owner"), member("otto", "owner"), member("adam", "admin"), member("dina", "developer"), member("vera", "viewer")];
const invitation = (role: string, by: string, state = "open"): Invitation => ({ id: `inv_${role}_${by}`, role, state, invited_by: by, email: "x@acme.example", created_at: "2026-11-20T00:00:00Z", expires_at: "2026-11-27T00:00:00Z" });

describe("what a role may do to others", () => {
  it("lets nobody touch who is more than they are", () => {
    expect(whyNoOtherRole(adam, olga, [olga, otto, adam])).toBe("tooLow");
    expect(whyNoOtherRole(adam, adam, [olga, adam])).toBeNull();
    expect(whyNoOtherRole(olga, otto, [olga, otto])).toBeNull();
    expect(whyNoOtherRole(dina, vera, [olga, dina, vera])).toBe("notAdmin");
    expect(whyNotTakenBack(adam, invitation("owner", "olga"))).toBe("tooLow");
    expect(whyNotTakenBack(adam, invitation("admin", "olga"))).toBeNull();
  });

  it("keeps the last owner", () => {
    expect(whyNoOtherRole(olga, olga, [olga, adam])).toBe("lastOwner");
    expect(whyNotRemoved(olga, otto, [olga, otto])).toBeNull();
    expect(whyNotRemoved(olga, olga, [olga, otto])).toBe("yourself");
  });

  it("hands the company over from an owner to somebody who is none", () => {
    expect(whyNotHandedOver(adam, dina)).toBe("notOwner");
    expect(whyNotHandedOver(olga, otto)).toBe("alreadyOwner");
    expect(whyNotHandedOver(olga, vera)).toBeNull();
  });

  it("gives no more than one is oneself", () => {
    expect(rolesToGive(adam)).toEqual(["viewer", "developer", "admin"]);
    expect(rolesToGive(olga)).toContain("owner");
  });
});

it("counts the invitations that end with another role, or with the member", () => {
  const all = [invitation("owner", "olga"), invitation("admin", "olga"), invitation("viewer", "olga"), invitation("viewer", "olga", "expired"), invitation("viewer", "adam")];
  expect(invitationsThatEnd(olga, all, null)).toBe(3);
  expect(invitationsThatEnd(olga, all, "developer")).toBe(3);
  expect(invitationsThatEnd(olga, all, "admin")).toBe(1);
  expect(invitationsThatEnd(olga, all, "owner")).toBe(0);
});
