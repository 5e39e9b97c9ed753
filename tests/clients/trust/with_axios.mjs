import axios from "axios";

console.log((await axios.post(`${process.env.SECTIGO_BASE_URL}/products/!autoRevokeCS`, "")).data);
