// A form field that holds a filter: a sentence, the builder behind a button, and where the
// form shows it how many records match.
import { one } from "../core/dom";
import type { Mount } from "../core/mount";
import { t } from "../core/words";
import { send } from "../core/write";
import { openBuilder } from "./builder";
import type { FilterField, Tree } from "./tree";

export const mount: Mount = (element) => {
  const { slug = "", object = "" } = element.dataset;
  const hidden = one<HTMLInputElement>("input[type=hidden]", element);
  const sentence = one("[data-sentence]", element);
  const matching = one("[data-matching]", element);
  const data = JSON.parse(document.getElementById(`filter-${object}`)?.textContent ?? "{}") as { fields: FilterField[] };
  one("button", element)?.addEventListener("click", () => {
    if (!hidden) return;
    void openBuilder(slug, data.fields, JSON.parse(hidden.value || "{}") as Tree, (tree) => {
      hidden.value = JSON.stringify(tree);
      hidden.dispatchEvent(new Event("change", { bubbles: true }));
      if (!sentence) return;
      const all = !Object.keys(tree).length;
      if (all) sentence.textContent = t("All");
      if (all && !matching) return;
      void send(`/${slug}/filter-sentence${matching ? "?count=1" : ""}`, tree).then((answer) => {
        if (!answer.ok) return;
        if (!all) sentence.textContent = String(answer.data.sentence);
        if (!matching) return;
        matching.textContent = String(answer.data.matching);
        matching.setAttribute("href", String(answer.data.url));
      });
    });
  });
};
