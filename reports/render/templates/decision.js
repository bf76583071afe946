{
  const data = JSON.parse(document.getElementById("data").textContent);
  const [decision, form, rows] = ["decision", "terms", "candidates"].map((id) => document.getElementById(id));
  const measured = (value) => (value === null ? NaN : value);
  // Halves are rounded to even digits, as in Python.
  const significant = (value) => {
    if (!Number.isFinite(value)) return "–";
    const [digitsOf, exponent] = value.toExponential(60).split("e");
    const half = /^-?\d\.\d[02468]50*$/.test(digitsOf);
    const rounded = half ? Number(`${digitsOf.slice(0, digitsOf.indexOf(".") + 3)}e${exponent}`) : Number(value.toPrecision(3));
    const digits = rounded ? Math.max(2 - Math.floor(Math.log10(Math.abs(rounded))), 0) : 0;
    return rounded.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  };
  const points = (share) => {
    const hundredths = 10000 * share;
    const half = (800 * share) % 1 === 0 && hundredths % 1 === 0.5;
    return half ? ((2 * Math.round(hundredths / 2)) / 100).toFixed(2) : (100 * share).toFixed(2);
  };
  const amount = (difference) => {
    const half = (16 * difference) % 1 === 0 && (1000 * difference) % 1 === 0.5;
    const thousandths = half ? ((2 * Math.round(500 * difference)) / 1000).toFixed(3) : difference.toFixed(3);
    return `${data.share ? points(difference) : thousandths} ${data.unit}`;
  };
  // The rule of reports/analysis/decision.py and recommendation.py.
  const standing = ([low, high], tolerance) =>
    measured(low) >= -tolerance ? "good enough" : measured(high) < -tolerance ? "not good enough" : "undecided";
  const total = (one, terms) => {
    const hour = terms.price === null ? 1 : terms.price;
    const training = ((data.trainings * measured(one.fitSeconds)) / 3600) * hour;
    return training + (hour / 3600 / measured(one.textsPerSecond)) * terms.texts;
  };
  const cheapest = (ones) =>
    ones.reduce((best, one) => {
      if (best === null) return one;
      if (Number.isNaN(one.total)) return best;
      return Number.isNaN(best.total) || one.total < best.total ? one : best;
    }, null);
  const decide = (terms) => {
    const judged = data.candidates.map((one) => ({
      ...one, standing: standing(one.behind, terms.tolerance), total: total(one, terms),
    }));
    const chosen = cheapest(judged.filter((one) => one.learnt && one.standing === "good enough"));
    const open = cheapest(judged.filter((one) => one.learnt && one.standing !== "not good enough"));
    const verdict = (one) => {
      if (one === chosen) return "recommended";
      if (!one.learnt) return data.phrases.unlearnt;
      if (one.standing !== "good enough") return one.standing;
      return `good enough, ${one.total === chosen.total ? "no cheaper" : "dearer"}`;
    };
    const looks = { "good enough": "good", "not good enough": "bad", undecided: "open" };
    const look = (one) => (one === chosen ? "chosen" : one.learnt ? looks[one.standing] : "bad");
    const month = (one) =>
      Number.isNaN(one.total)
        ? "a price that was not measured"
        : `${significant(one.total)}${terms.price === null ? " machine hours" : ""} a month`;
    const fill = (sentence, one) =>
      sentence.replace(/\{(name|tolerance|price)\}/g, (_, key) =>
        key === "name" ? one.name : key === "price" ? month(one) : amount(terms.tolerance));
    const { phrases } = data;
    const sentence = chosen
      ? fill(phrases.take, chosen)
      : !judged.some((one) => one.learnt)
        ? phrases.not_learnt
        : open ? fill(phrases.undecided, open) : fill(phrases.none, null);
    return { sentence, candidates: judged.map((one) => ({ verdict: verdict(one), look: look(one), total: one.total })) };
  };
  const show = (terms) => {
    const found = decide(terms);
    if (decision.textContent !== found.sentence) decision.textContent = found.sentence;
    for (const row of rows.tBodies[0].rows) {
      const one = found.candidates[Number(row.dataset.number)];
      const [month, verdict] = [...row.cells].slice(-2);
      month.textContent = significant(one.total);
      if (Number.isFinite(one.total)) month.dataset.sort = one.total; else delete month.dataset.sort;
      verdict.textContent = one.verdict;
      row.className = one.look;
      if (one.look === "chosen") row.hidden = false;
    }
    const head = [...rows.tHead.rows[0].cells].at(-2).querySelector("button");
    head.textContent = `${terms.price === null ? "machine hours" : "price"} a month`;
  };
  if (data && form) {
    const [tolerance, price, texts] = ["tolerance", "price", "texts"].map((id) => document.getElementById(id));
    const scale = data.share ? 100 : 1;
    tolerance.defaultValue = Number((scale * data.tolerance).toPrecision(12));
    price.defaultValue = data.price === null ? "" : data.price;
    texts.defaultValue = data.texts;
    const update = () => {
      if (![tolerance, price, texts].every((input) => input.checkValidity())) return;
      show({
        tolerance: Number(tolerance.value) / scale,
        price: price.value === "" ? null : Number(price.value),
        texts: Number(texts.value),
      });
    };
    form.addEventListener("input", update);
    form.addEventListener("submit", (event) => event.preventDefault());
    window.addEventListener("pageshow", update);  // a browser keeps the inputs of a page that loads itself again
    form.hidden = false;
    const all = document.getElementById("all");
    if (all) all.addEventListener("click", () => {
      for (const row of rows.tBodies[0].rows) row.hidden = false;
      all.remove();
    });
  }
}
