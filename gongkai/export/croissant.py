"""croissant.json: the dataset described in Croissant 1.0 (https://docs.mlcommons.org/croissant/), for catalogues and machine-learning loaders."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from gongkai import schema
from gongkai.dataset import replace_text
from gongkai.export.datapackage import NOTE, described

if TYPE_CHECKING:
    from pathlib import Path

TYPES = {"bool": "sc:Boolean", "int32": "sc:Integer", "int64": "sc:Integer", "double": "sc:Float", "decimal(24,6)": "sc:Float", "decimal(20,2)": "sc:Float"}
CONTEXT = {
    "@language": "zh", "@vocab": "https://schema.org/", "citeAs": "cr:citeAs", "column": "cr:column", "conformsTo": "dct:conformsTo", "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"}, "dataType": {"@id": "cr:dataType", "@type": "@vocab"}, "dct": "http://purl.org/dc/terms/", "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract", "field": "cr:field", "fileObject": "cr:fileObject", "fileProperty": "cr:fileProperty", "fileSet": "cr:fileSet", "format": "cr:format", "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset", "jsonPath": "cr:jsonPath", "key": "cr:key", "md5": "cr:md5", "parentField": "cr:parentField", "path": "cr:path", "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet", "references": "cr:references", "regex": "cr:regex", "repeated": "cr:repeated", "replace": "cr:replace", "sc": "https://schema.org/", "separator": "cr:separator",
    "source": "cr:source", "subField": "cr:subField", "transform": "cr:transform",
}  # fmt: skip


def write(dataset: Path, place: Path) -> list[Path]:
    """Describe the Parquet files of the dataset; their hashes are those of datapackage.json."""
    files = [resource for resource in described(dataset)["resources"] if resource["format"] == "parquet"]
    card = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": "gongkai",
        "description": NOTE,
        "version": f"{schema.VERSION}.0.0",
        "distribution": [
            {"@type": "cr:FileObject", "@id": file["name"], "name": file["name"], "contentUrl": file["path"], "encodingFormat": "application/x-parquet", "sha256": file["hash"].removeprefix("sha256:"), "contentSize": f"{file['bytes']} B"}
            for file in files
        ],
        "recordSet": [_records(file["name"]) for file in files],
    }
    replace_text(place, json.dumps(card, ensure_ascii=False, indent=1) + "\n")
    return [place]


def _records(file: str) -> dict[str, Any]:
    table = file.removesuffix("-parquet")
    key = schema.primary_key(table)
    return {
        "@type": "cr:RecordSet",
        "@id": table,
        "name": table,
        "description": " ".join({**schema.TABLE_TITLES, **schema.DERIVED_TITLES}[table]),
        **({"key": {"@id": f"{table}/{key}"}} if key else {}),
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{table}/{column.name}",
                "name": column.name,
                "description": f"{column.title_zh} {column.title_en}: {column.description_zh}；{column.description_en}",
                "dataType": TYPES.get(column.type, "sc:Text"),
                **({"repeated": True} if column.type.startswith("list") else {}),
                "source": {"fileObject": {"@id": file}, "extract": {"column": column.name}},
            }
            for column in schema.columns(table)
        ],
    }
