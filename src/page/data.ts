/** What the server put into the page for its script: JSON in an element that no browser runs. */

export const DATA_ID = 'data';
export const ROOT_ID = 'root';
