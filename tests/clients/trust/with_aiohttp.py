import asyncio
import os

import aiohttp


async def main():
    async with aiohttp.ClientSession() as session:
        async with session.post(os.environ["SECTIGO_BASE_URL"] + "/products/!autoRevokeCS") as reply:
            print(await reply.text())


asyncio.run(main())
