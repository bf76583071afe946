const openSection = () => {
  const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
  for (let each = target; each; each = each.parentElement) if (each.tagName === "DETAILS") each.open = true;
};
window.addEventListener("hashchange", openSection);
openSection();
window.addEventListener("beforeprint", () => {
  for (const each of document.querySelectorAll("details:not([open])")) { each.open = true; each.dataset.closed = ""; }
});
window.addEventListener("afterprint", () => {
  for (const each of document.querySelectorAll("details[data-closed]")) { each.open = false; delete each.dataset.closed; }
});
