import { api, currentCompany, unwrap } from "@/api/client";
import { ApiProblem } from "@/api/problem";

/** Which of a person's companies has an endpoint: the one of this tab is asked first. `null` where none has. */
export async function companyOfEndpoint(id: string, companies: readonly string[]): Promise<string | null> {
  const here = currentCompany();
  const order = [...companies].sort((one, other) => Number(other === here) - Number(one === here));
  for (const company of order) {
    try {
      await unwrap(api.GET("/api/v1/endpoints/{id}", { params: { path: { id } }, headers: { "Hookferry-Company": company } }));
      return company;
    } catch (error) {
      if (!(error instanceof ApiProblem) || error.status !== 404) throw error;
    }
  }
  return null;
}
