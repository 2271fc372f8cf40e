"""Stores: where files lie, be it a folder, an S3 bucket or an SFTP server, all asked in the same words."""

from mangnon.stores.opening import STORES, StoreName, folder_of, open_store, shown
from mangnon.stores.store import Entry, Listing, NotReadable, Skipped, Store, StoreFailure, readable_name

__all__ = [
    "STORES",
    "Entry",
    "Listing",
    "NotReadable",
    "Skipped",
    "Store",
    "StoreFailure",
    "StoreName",
    "folder_of",
    "open_store",
    "readable_name",
    "shown",
]
