// Suggests colleagues by name or e-mail address while a user types. Without it, the form asks whom its user means.
{
  const REST_MS = 150;
  const MIN_LENGTH = 2;

  const field = document.querySelector("input[list='colleagues']");
  const list = document.getElementById("colleagues");
  let timer;
  let wanted = "";

  const optionOf = ({ name, email }) => {
    const option = document.createElement("option");
    option.value = email;
    option.label = name === email ? name : `${name}, ${email}`;
    return option;
  };

  const suggest = async () => {
    const text = field.value.trim();
    if (text.length < MIN_LENGTH || text === wanted) return;
    wanted = text;
    const query = new URLSearchParams({ q: text });
    const answer = await fetch(`/colleagues?${query}`, { headers: { Accept: "application/json" } }).catch(
      () => undefined,
    );
    // Meanwhile the user may have typed on.
    if (!answer?.ok || text !== wanted) return;
    const { colleagues } = await answer.json();
    list.replaceChildren(...colleagues.map(optionOf));
  };

  field?.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(suggest, REST_MS);
  });
}
