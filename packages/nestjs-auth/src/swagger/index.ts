export { createAuthDocument } from './create-auth-document.js';
