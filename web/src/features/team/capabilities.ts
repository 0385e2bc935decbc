import { type Invitation, type Member, rank, type Role, ROLES } from "./queries";

/** Who looks at the team: their id, and their role in the company. */
export type Viewer = { id: string; role: string };
/** Why something cannot be done: a key of `team.why`. */
export type Why = "tooLow" | "lastOwner" | "notOwner" | "alreadyOwner" | "yourself" | "notAdmin";

const ADMIN = rank("admin");

/** Mirrors `Store::set_role`: nobody changes somebody who is more than they are, and the last owner stays one. */
export function whyNoOtherRole(viewer: Viewer, member: Member, members: readonly Member[]): Why | null {
  if (rank(viewer.role) < ADMIN) return "notAdmin";
  if (rank(member.role) > rank(viewer.role)) return "tooLow";
  return isLastOwner(member, members) ? "lastOwner" : null;
}

/** Mirrors `Store::remove_member`; whoever wants to go themselves leaves, under Your account. */
export function whyNotRemoved(viewer: Viewer, member: Member, members: readonly Member[]): Why | null {
  return member.id === viewer.id ? "yourself" : whyNoOtherRole(viewer, member, members);
}

/** Mirrors `Store::hand_over_ownership`. */
export function whyNotHandedOver(viewer: Viewer, member: Member): Why | null {
  if (viewer.role !== "owner") return "notOwner";
  return member.role === "owner" ? "alreadyOwner" : null;
}

/** Mirrors `Store::revoke_invitation`: an invitation to more than one is oneself is not one's to take back. */
export function whyNotTakenBack(viewer: Viewer, invitation: Invitation): Why | null {
  if (rank(viewer.role) < ADMIN) return "notAdmin";
  return rank(invitation.role) > rank(viewer.role) ? "tooLow" : null;
}

/** The roles that somebody can give: nobody gives more than they are themselves. */
export function rolesToGive(viewer: Viewer): readonly Role[] {
  return ROLES.filter((role) => rank(role) <= rank(viewer.role));
}

function isLastOwner(member: Member, members: readonly Member[]): boolean {
  return member.role === "owner" && !members.some((other) => other.role === "owner" && other.id !== member.id);
}

/**
 * The open invitations that end when a member goes, or becomes `role`; mirrors `revoke_invitations_by`: below an
 * admin nobody invites, and nobody invites to more than they are.
 */
export function invitationsThatEnd(member: Member, invitations: readonly Invitation[], role: Role | null): number {
  const kept = role !== null && rank(role) >= ADMIN ? rank(role) : -1;
  return invitations.filter((each) => each.state === "open" && each.invited_by === member.id && rank(each.role) > kept).length;
}
