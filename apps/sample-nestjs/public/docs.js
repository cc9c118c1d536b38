// Starts Swagger UI, has it follow the colour scheme of the system, and names what it leaves without a name.
const dark = matchMedia('(prefers-color-scheme: dark)');
const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
dark.addEventListener('change', follow);
follow();

const root = document.getElementById('swagger-ui');
const each = (selector, mend) => root.querySelectorAll(selector).forEach(mend);
const set = (attributes) => (element) => {
  for (const [name, value] of Object.entries(attributes))
    if (element.getAttribute(name) !== value) element.setAttribute(name, value);
};

function mend() {
  each('.information-container', set({ role: 'region', 'aria-label': 'About this API' }));
  each('.scheme-container', set({ role: 'region', 'aria-label': 'Server and authorization' }));
  each('.modal-ux', set({ role: 'dialog', 'aria-label': 'Authorize' }));
  each('.info .title', set({ 'aria-level': '2' }));
  each('h6', set({ 'aria-level': '5' }));
  each('table[role=region]', (table) => table.removeAttribute('role'));
  // It says another thing than the button shows.
  each('.modal-btn[aria-label]', (button) => button.removeAttribute('aria-label'));
  each('#servers', set({ 'aria-label': 'Server' }));
  each('input, select, textarea', (field) => {
    if (field.labels.length || field.hasAttribute('aria-label')) return;
    const row = field.closest('[data-param-name]');
    set({ 'aria-label': row ? row.dataset.paramName : 'Request body' })(field);
  });
  each('button', (button) => {
    if (button.textContent.trim() || button.hasAttribute('aria-label')) return;
    set({ 'aria-label': button.matches('.close-modal') ? 'Close' : 'Show or hide' })(button);
  });
}
new MutationObserver(mend).observe(root, { childList: true, subtree: true });

SwaggerUIBundle({
  url: '/docs/openapi.json',
  domNode: root,
  deepLinking: false, // its links would sit inside buttons
  syntaxHighlight: { theme: 'obsidian' },
});
