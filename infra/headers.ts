/** Names of the headers by which a router and its clients talk about colors. */

/** Request header: sends one request to the color it names, whatever the weights are. */
export const previewHeader = "x-bluegreen-preview";

/** Response header: the color that answered. */
export const colorHeader = "x-bluegreen-color";
