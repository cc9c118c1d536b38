export { toHttpAnswer, type HttpAnswer } from './http-answer.js';
