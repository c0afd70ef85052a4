// A form field that holds a filter: a sentence, and the builder behind a button.
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
  const data = JSON.parse(document.getElementById(`filter-${object}`)?.textContent ?? "{}") as { fields: FilterField[]; filter: Tree };
  one("button", element)?.addEventListener("click", () => {
    if (!hidden) return;
    void openBuilder(slug, data.fields, JSON.parse(hidden.value || "{}") as Tree, (tree) => {
      hidden.value = JSON.stringify(tree);
      hidden.dispatchEvent(new Event("change", { bubbles: true }));
      if (!sentence) return;
      if (!Object.keys(tree).length) {
        sentence.textContent = t("All");
        return;
      }
      void send(`/${slug}/filter-sentence`, tree).then((answer) => {
        if (answer.ok) sentence.textContent = String(answer.data.sentence);
      });
    });
  });
};
