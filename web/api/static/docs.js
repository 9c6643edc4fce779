// Shows the OpenAPI document. A file of its own: the page allows no inline script.
const place = document.querySelector("#document");

SwaggerUIBundle({
  url: place.dataset.address,
  domNode: place,
  deepLinking: true,
  presets: [SwaggerUIBundle.presets.apis],
  // A key typed here would stay in the browser of a shared machine.
  persistAuthorization: false,
});
