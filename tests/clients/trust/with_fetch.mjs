const reply = await fetch(`${process.env.SECTIGO_BASE_URL}/products/!autoRevokeCS`, { method: "POST" });
console.log(await reply.text());
